"""Runs script blocks through pypsrp, a client that we did not write, and prints what came back as JSON.

Takes one JSON object on stdin: address, port, ssl, ca, user, password, auth, and scripts, leave, left or take.
"""

import json
import sys
import warnings

from pypsrp.exceptions import AuthenticationError
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

warnings.filterwarnings("ignore")


def connect(job):
    return WSMan(
        job["address"],
        port=job["port"],
        ssl=job["ssl"],
        username=job["user"],
        password=job["password"],
        auth=job["auth"],
        cert_validation=job["ca"] or True,
        # Basic over HTTP has no sealing; everything else over HTTP must be sealed.
        encryption="never" if job["auth"] == "basic" else "auto",
        no_proxy=True,
    )


def plain(value):
    """The value, or for an object its adapted and extended properties."""
    if hasattr(value, "adapted_properties"):
        properties = {**value.adapted_properties, **value.extended_properties}
        return {name: plain(item) for name, item in properties.items()} or str(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def run(pool, script):
    shell = PowerShell(pool)
    shell.add_script(script)
    output = shell.invoke()
    return {
        "output": [plain(item) for item in output],
        "errors": [str(error) for error in shell.streams.error],
        "warnings": [warning.message for warning in shell.streams.warning],
        "state": int(shell.state),
    }


def leave(job):
    """Leaves a script running, is refused while it is away, returns, leaves again; another client takes the script over."""
    pool = RunspacePool(connect(job))
    pool.open()
    shell = PowerShell(pool)
    shell.add_script(job["leave"])
    shell.begin_invoke()
    pool.disconnect()
    away = None
    try:
        pool.shell.receive("stdout")
    except WSManFaultError as error:
        away = error.code
    pool.connect()
    pool.disconnect()

    others = RunspacePool.get_runspace_pools(connect(job))
    other = others[0]
    stranger = None
    try:
        other.connection.reconnect(other.shell.resource_uri, selector_set=pool.shell._selector_set)
    except WSManFaultError as error:
        stranger = error.code
    other.connect()
    taken = other.create_disconnected_power_shells()
    output = [plain(item) for item in taken[0].connect()]
    later = run(other, "'later'")
    other.close()
    return {
        "away": away,
        "stranger": stranger,
        "pools": len(others),
        "commands": len(taken),
        "output": output,
        "later": later["output"],
    }


def left(job):
    """Leaves a script running, or an idle shell if there is none, and goes."""
    pool = RunspacePool(connect(job))
    pool.open()
    if job["left"]:
        shell = PowerShell(pool)
        shell.add_script(job["left"])
        shell.begin_invoke()
    else:
        run(pool, "$kept = 'kept'")
    pool.disconnect()
    return {"shell": pool.id}


def take(job):
    """Takes the first shell over that somebody left, and keeps it."""
    pool = RunspacePool.get_runspace_pools(connect(job))[0]
    pool.connect()
    taken = pool.create_disconnected_power_shells()
    return {"output": [plain(item) for item in taken[0].connect()]}


def main():
    job = json.load(sys.stdin)
    if "take" in job:
        json.dump(take(job), sys.stdout)
        return
    if "left" in job:
        json.dump(left(job), sys.stdout)
        return
    if "leave" in job:
        json.dump(leave(job), sys.stdout)
        return
    try:
        with RunspacePool(connect(job)) as pool:
            answer = [run(pool, script) for script in job["scripts"]]
    except AuthenticationError as error:
        answer = {"authentication": str(error)}
    json.dump(answer, sys.stdout)


main()
