param([object[]]$Sources, [bool]$Recurse, [int]$Chunk)

if ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') {
    throw "copying needs an endpoint with the language mode FullLanguage; this one has $($ExecutionContext.SessionState.LanguageMode)"
}
# A PowerShell that only resembles one says here what it lacks.
$null = [IO.FileStream]
$windows = [IO.Path]::DirectorySeparatorChar -eq '\'
$hasModes = -not $windows -and [IO.File].GetMethods().Name -contains 'GetUnixFileMode'

# What went wrong with one path: the innermost exception says it.
$fail = {
    param($number, $path, $cause)
    while ($cause.InnerException) { $cause = $cause.InnerException }
    [pscustomobject]@{
        k = 'fail'; n = $number; p = "$path"; e = $cause.Message; t = $cause.GetType().FullName
        c = [Runtime.InteropServices.Marshal]::GetHRForException($cause)
    }
}

$newHash = {
    if ($PSVersionTable.PSEdition -eq 'Core') { [Security.Cryptography.SHA256]::Create() }
    else { New-Object Security.Cryptography.SHA256CryptoServiceProvider }
}
$text = { param($sha) [BitConverter]::ToString($sha.Hash).Replace('-', '').ToLowerInvariant() }

$files = New-Object Collections.Generic.List[string]
$list = {
    param($path, $parts)
    $info = New-Object IO.FileInfo $path
    # An infinite or unreadable thing, such as a device or a pipe, has no length and is no file to copy.
    $mode = $null
    if ($hasModes) { $mode = [int][IO.File]::GetUnixFileMode($path) }
    [pscustomobject]@{
        k = 'file'; n = $files.Count; f = $path; p = $parts; s = $info.Length; t = $info.LastWriteTimeUtc.Ticks; m = $mode
    }
    $files.Add($path)
}

# Files below a folder, without recursion: a link that leads back would never end, so links to folders are left out.
$walk = {
    param($start, $name)
    $open = New-Object Collections.Generic.Stack[object]
    $open.Push(@($start, [string[]]@($name)))
    while ($open.Count) {
        $folder, $parts = $open.Pop()
        [pscustomobject]@{ k = 'folder'; p = $parts }
        try {
            $below = New-Object IO.DirectoryInfo $folder
            foreach ($child in $below.GetFiles() | Sort-Object Name) {
                try { & $list $child.FullName ([string[]]($parts + $child.Name)) } catch { & $fail -1 $child.FullName $_.Exception }
            }
            foreach ($child in $below.GetDirectories() | Sort-Object Name -Descending) {
                if (-not ($child.Attributes -band [IO.FileAttributes]::ReparsePoint)) {
                    $open.Push(@($child.FullName, [string[]]($parts + $child.Name)))
                }
            }
        }
        catch { & $fail -1 $folder $_.Exception }
    }
}

foreach ($source in $Sources) {
    try {
        $provider = $null
        $drive = $null
        $literal = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($source, [ref]$provider, [ref]$drive)
        if ($provider.Name -ne 'FileSystem') { throw "this is a place of the provider $($provider.Name), not of the file system" }
        $found = @($literal)
        if (-not [IO.File]::Exists($literal) -and -not [IO.Directory]::Exists($literal)) {
            if ($source.IndexOfAny([char[]]'*?[') -lt 0) { throw (New-Object IO.FileNotFoundException 'there is no such file or folder') }
            $found = @($ExecutionContext.SessionState.Path.GetResolvedProviderPathFromPSPath($source, [ref]$provider))
            if ($found.Count -eq 0) { throw (New-Object IO.FileNotFoundException 'no file matches') }
        }
        foreach ($path in $found) {
            try {
                $name = [IO.Path]::GetFileName($path.TrimEnd('\', '/'))
                if ([IO.Directory]::Exists($path)) {
                    if (-not $Recurse) { throw (New-Object IO.IOException 'this is a folder: copy folders with --recurse') }
                    & $walk $path $name
                }
                else { & $list $path ([string[]]@($name)) }
            }
            catch { & $fail -1 $path $_.Exception }
        }
    }
    catch { & $fail -1 $source $_.Exception }
}
[pscustomobject]@{ k = 'listed'; n = $files.Count }

# Reads so many bytes into hashes.
$read = {
    param($stream, [long]$length, $hashes)
    $left = $length
    $part = New-Object byte[] $Chunk
    while ($left -gt 0) {
        $count = $stream.Read($part, 0, [int][Math]::Min([long]$Chunk, $left))
        if ($count -eq 0) { break }
        foreach ($sha in $hashes) { $null = $sha.TransformBlock($part, 0, $count, $null, 0) }
        $left -= $count
    }
    # The first has all it shall have.
    $null = $hashes[0].TransformFinalBlock($part, 0, 0)
}

# One request at a time: the receiver asks for all it wants without waiting.
foreach ($frame in $input) {
    $path = $files[$frame.n]
    $stream = $null
    $hashes = New-Object Collections.Generic.List[object]
    try {
        $share = [IO.FileShare]([IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete)
        $stream = New-Object IO.FileStream($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, $share, 4096)
        if ($null -ne $frame.w) {
            # The receiver has a file of this name and length.
            $same = & $newHash
            $hashes.Add($same)
            & $read $stream $stream.Length @($same)
            if ((& $text $same) -eq $frame.w) {
                [pscustomobject]@{ k = 'same'; n = $frame.n }
                continue
            }
            $stream.Position = 0
        }
        $whole = & $newHash
        $hashes.Add($whole)
        $offset = 0L
        if ($frame.o -gt 0 -and $frame.o -le $stream.Length) {
            # The receiver has a beginning of an earlier try.
            $begun = & $newHash
            $hashes.Add($begun)
            & $read $stream $frame.o @($begun, $whole)
            if ((& $text $begun) -eq $frame.h) { $offset = [long]$frame.o }
            else {
                $stream.Position = 0
                $whole = & $newHash
                $hashes.Add($whole)
            }
        }
        # A file that grows, such as a log, is as long as it is now.
        $length = $stream.Length
        [pscustomobject]@{ k = 'begin'; n = $frame.n; o = $offset; s = $length }
        if ($frame.b) {
            # The receiver fetches the bytes by SFTP, and wants to know what they should be.
            & $read $stream ($length - $offset) @($whole)
            [pscustomobject]@{ k = 'done'; n = $frame.n; s = $length; h = & $text $whole }
            continue
        }
        while ($true) {
            $data = New-Object byte[] $Chunk
            $count = $stream.Read($data, 0, $Chunk)
            if ($count -eq 0) { break }
            $null = $whole.TransformBlock($data, 0, $count, $null, 0)
            if ($count -lt $Chunk) { [Array]::Resize([ref]$data, $count) }
            , $data
            $offset += $count
        }
        $null = $whole.TransformFinalBlock((New-Object byte[] 1), 0, 0)
        [pscustomobject]@{ k = 'done'; n = $frame.n; s = $offset; h = & $text $whole }
    }
    catch [System.Management.Automation.PipelineStoppedException] { throw }
    catch { & $fail $frame.n $path $_.Exception }
    finally {
        if ($stream) { $stream.Dispose() }
        foreach ($sha in $hashes) { $sha.Dispose() }
    }
}
