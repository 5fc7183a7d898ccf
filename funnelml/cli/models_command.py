"""The command for stored models: models, with what to do with them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from funnelml.cli.arguments import AddCommand, add_json, add_workspace
from funnelml.cli.output import print_json
from funnelml.language import Language

_FOLDER = "models"


def add_commands(add: AddCommand) -> None:
    """Add the command of this file."""
    models = add("models", _list, "List the stored models, show or compare them, and say which is in use.")
    add_workspace(models)
    add_json(models)
    actions = models.add_subparsers(title="actions (default: list)", metavar="ACTION")

    def act(name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=text, description=text, allow_abbrev=False)
        action.set_defaults(command=run)
        # Without defaults of its own, so that what was said before the action stands.
        none = argparse.SUPPRESS
        action.add_argument("--workspace", type=Path, default=none, metavar="DIR", help="default: this folder")
        action.add_argument("--json", action="store_true", default=none, help="print one JSON object")
        return action

    act("list", _list, "List all models, and say which are in use.")
    show = act("show", _show, "Show what a model learned from and how well it did.")
    compare = act("compare", _compare, "Compare two models, fact by fact.")
    use = act("use", _use, "Put a model in use, in the place of the one of its name.")
    back = act("roll-back", _roll_back, "Put the model in use again that was in use before.")
    for action in (show, use):
        action.add_argument("model_id", metavar="ID", help="id of a model")
    compare.add_argument("first", metavar="A", help="id of a model")
    compare.add_argument("second", metavar="B", help="id of another")
    back.add_argument("name", nargs="?", metavar="NAME", help="name of the model (lead_score)")


def _list(arguments: argparse.Namespace) -> None:
    from funnelml.io.model_list import list_models
    from funnelml.runs.scoring.model_text import models_to_dict, show_models
    from funnelml.runs.settings import read_settings

    language = read_settings(arguments.workspace).language
    models = list_models(arguments.workspace / _FOLDER)
    if arguments.json:
        print_json(models_to_dict(models))
    else:
        print(show_models(models, language))


def _show(arguments: argparse.Namespace) -> None:
    from funnelml.io.current_models import current_model
    from funnelml.io.model_store import name_of, read_card
    from funnelml.runs.scoring.model_text import model_to_dict, show_model
    from funnelml.runs.settings import read_settings

    language = read_settings(arguments.workspace).language
    folder, model_id = arguments.workspace / _FOLDER, arguments.model_id
    card = read_card(folder, model_id)
    in_use = current_model(folder, name_of(model_id)) == model_id
    if arguments.json:
        print_json(model_to_dict(model_id, card, in_use=in_use))
    else:
        print(show_model(model_id, card, in_use=in_use, language=language))


def _compare(arguments: argparse.Namespace) -> None:
    from funnelml.io.model_list import compare_models
    from funnelml.runs.scoring.model_text import comparison_to_dict, show_comparison
    from funnelml.runs.settings import read_settings

    language = read_settings(arguments.workspace).language
    comparison = compare_models(arguments.workspace / _FOLDER, arguments.first, arguments.second)
    if arguments.json:
        print_json(comparison_to_dict(comparison, language))
    else:
        print(show_comparison(comparison, language))


def _use(arguments: argparse.Namespace) -> None:
    from funnelml.io.current_models import use_model
    from funnelml.runs.settings import read_settings

    language = read_settings(arguments.workspace).language
    use_model(arguments.workspace / _FOLDER, arguments.model_id)
    _tell_use(arguments, arguments.model_id, language)


def _roll_back(arguments: argparse.Namespace) -> None:
    from funnelml.io.current_models import roll_back
    from funnelml.runs.scoring.ledger import DEFAULT_NAME
    from funnelml.runs.settings import read_settings

    language = read_settings(arguments.workspace).language
    name = DEFAULT_NAME if arguments.name is None else arguments.name
    _tell_use(arguments, roll_back(arguments.workspace / _FOLDER, name), language)


def _tell_use(arguments: argparse.Namespace, model_id: str, language: Language) -> None:
    from funnelml.io.model_store import read_card
    from funnelml.runs.scoring.model_text import model_to_dict, show_use

    card = read_card(arguments.workspace / _FOLDER, model_id)
    if arguments.json:
        print_json(model_to_dict(model_id, card, in_use=True))
    else:
        print(show_use(model_id, card, language))
