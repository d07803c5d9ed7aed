#compdef psfleet
# Completions of psfleet for zsh: a file _psfleet in a folder of $fpath, or source <(psfleet completions zsh)
_psfleet() {
    local -a before lines full full_shown open open_shown
    local line value
    before=("${(@Q)words[1,CURRENT-1]}")
    lines=("${(@f)$("${before[1]/#\~/$HOME}" __complete zsh -- "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for line in "${lines[@]}"; do
        [[ -n $line ]] || continue
        value=${${line#*$'\t'}%%$'\t'*}
        if [[ $line == full* ]]; then
            full+=("$value")
            full_shown+=("${line##*$'\t'}")
        else
            open+=("$value")
            open_shown+=("${line##*$'\t'}")
        fi
    done
    (($#full)) && compadd -l -d full_shown -a full
    (($#open)) && compadd -l -S '' -d open_shown -a open
    (($#full + $#open))
}
if [[ $funcstack[1] == _psfleet ]]; then
    _psfleet "$@"
else
    compdef _psfleet psfleet
fi
