# Completions of psfleet for fish: psfleet completions fish | source
function __psfleet_complete
    set -l before (commandline -opc)
    set -l program (string replace -r '^~' -- $HOME $before[1])
    $program __complete fish -- $before (commandline -ct) 2>/dev/null
end
complete -c psfleet -f -a '(__psfleet_complete)'
