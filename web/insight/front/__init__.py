"""The Pareto front of a sweep with several objectives. May import what `insight` may."""
