"""The linkage model of one home: an operator's own or the shipped one, under the thresholds of the identity
rules.
"""

from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.identity_rules import load_identity_rules
from spark_jobs.linkage.model import LinkageModel

HOME_MODEL = HomePaths(Path()).linkage_model  # under the home; there once `make identity-model` applied one


def load_home_model(home: Path) -> LinkageModel:
    """The model a home links by.

    Raises:
        IdentityRulesError: `rules.yml` says something that is not allowed.
        ValueError: the home's model was written by another version of this code.
    """
    rules, path = load_identity_rules(), home / HOME_MODEL
    model = LinkageModel.load(path) if path.is_file() else LinkageModel.load_shipped()
    return model.with_probabilities(rules.likeness.review, rules.likeness.link)
