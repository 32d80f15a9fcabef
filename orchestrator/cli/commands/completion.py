"""The command that prints a shell's completion script, generated from the parser."""

import argparse
from collections.abc import Iterator, Mapping

from ..arguments.parser import command_parsers

_BASH = """\
_ml_tracking_ops() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} logdir=runs words word kept i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${{COMP_WORDS[i]}} == --logdir ]]; then
            logdir=${{COMP_WORDS[i + 1]}}
            [[ $logdir == "=" ]] && logdir=${{COMP_WORDS[i + 2]}}
        fi
    done
    case $COMP_CWORD:${{COMP_WORDS[1]}} in
        1:*) words="{commands}" ;;
{cases}
    esac
    for word in $words; do
        if [[ $word == NAMES ]]; then
            kept+=" $(cd "$logdir" 2>/dev/null && ls -d */ 2>/dev/null | tr -d /)"
        elif [[ $current == -* || $word != -* ]]; then
            kept+=" $word"
        fi
    done
    COMPREPLY=($(compgen -W "$kept" -- "$current"))
}}
complete -o default -F _ml_tracking_ops ml-tracking-ops
"""
_ZSH = "autoload -Uz compinit bashcompinit && compinit && bashcompinit\n"
_NAMED = ("PATH", "SWEEP")


def completion(options: argparse.Namespace) -> int:
    parsers = command_parsers()
    if options.shell == "fish":
        print("\n".join(_fish_lines(parsers)))
    else:
        print((_ZSH if options.shell == "zsh" else "") + _bash_script(parsers), end="")
    return 0


def _bash_script(parsers: Mapping[str, argparse.ArgumentParser]) -> str:
    cases = (
        f'        *:{name}) words="{" ".join(_words(one))}" ;;' for name, one in parsers.items()
    )
    return _BASH.format(commands=" ".join(parsers), cases="\n".join(cases))


def _words(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield what may follow a command: options, fixed words, and NAMES for the name of a thing."""
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        yield from (option for option in action.option_strings if option.startswith("--"))
        if not action.option_strings:
            yield from map(str, action.choices or ())
            if action.metavar in _NAMED:
                yield "NAMES"


def _fish_lines(parsers: Mapping[str, argparse.ArgumentParser]) -> Iterator[str]:
    first = f"not __fish_seen_subcommand_from {' '.join(parsers)}"
    for name, parser in parsers.items():
        text = _quoted(parser.description or "")
        yield f"complete -c ml-tracking-ops -n '{first}' -f -a {name} -d '{text}'"
        seen = f"__fish_seen_subcommand_from {name}"
        for action in parser._actions:
            if action.help == argparse.SUPPRESS:
                continue
            for option in action.option_strings:
                if option.startswith("--"):
                    text = _quoted(action.help or "")
                    yield f"complete -c ml-tracking-ops -n '{seen}' -l {option[2:]} -d '{text}'"
        words = [word for word in _words(parser) if not word.startswith("--")]
        if words:
            found = " ".join(words).replace("NAMES", "(ls runs 2>/dev/null)")
            yield f"complete -c ml-tracking-ops -n '{seen}' -a '{found}'"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
