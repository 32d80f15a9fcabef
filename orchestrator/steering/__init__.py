"""What users ask of a running sweep: request files, waiting for the answer, and the decisions.
Imports `store`."""
