"""How the command line and the environment of a run are made from its hyperparameters.
Imports `store` and `errors`."""
