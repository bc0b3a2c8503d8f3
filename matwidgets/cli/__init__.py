"""The command line ``matwidgets`` (also ``python -m matwidgets``).

Exit codes: 0 done; 1 the work failed (one line on stderr that names the remedy); 2 the input is wrong (one
line that says what was given, what is allowed and what to do); 130 Ctrl-C. ``--debug`` shows the traceback.

Each command is a module of :mod:`matwidgets.cli.commands` with ``SUMMARY``, ``add_arguments(parser)`` and
``run(args) -> int``. Only the module of the command that was asked for is imported, and it imports the heavy
libraries inside ``run``: ``matwidgets papers`` costs no torch.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Sequence

from matwidgets.cli.parsing import parse
from matwidgets.errors import MatwidgetsError

__all__ = ["main"]

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; ``sys.argv[1:]`` if not given.

    Returns
    -------
    int
        0 done, 1 the work failed, 2 the input is wrong, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    try:
        with warnings.catch_warnings():
            if not debug:  # libraries' warnings speak to developers; they would bury the one line that helps
                warnings.simplefilter("ignore")
            run, namespace = parse(arguments)
            code = run(namespace)
            sys.stdout.flush()
        return code
    except SystemExit as ending:  # --help and --version have printed and are done
        return ending.code if isinstance(ending.code, int) else 0
    except KeyboardInterrupt as stop:
        return _fail(
            str(stop) or "interrupted; run the command again to start over",
            INTERRUPTED,
            debug,
        )
    except BrokenPipeError:
        # The reader (`| head`) has gone: say nothing, and let the interpreter's last flush write to nowhere.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MatwidgetsError as error:
        return _fail(str(error), error.exit_code, debug)
    except OSError as error:
        where = f" {str(error.filename)!r}" if error.filename else ""
        reason = error.strerror or str(error) or type(error).__name__
        return _fail(
            f"cannot use the file{where}: {reason}; check the path, the disk and your rights on it", 1, debug
        )
    except MemoryError:
        return _fail(
            "the memory of this machine does not suffice; give fewer rows, starts or steps at a time",
            1,
            debug,
        )
    except Exception as error:  # noqa: BLE001 - a defect of ours: still one line, and the way to see where it broke
        what = f"{type(error).__name__}: {error}"
        return _fail(f"internal error, {what}; run it again with --debug and report what it shows", 1, debug)


def _fail(message: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print("matwidgets:", " ".join(message.split()), file=sys.stderr)
    return code
