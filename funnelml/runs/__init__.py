"""A workspace and the runs made in it: settings, loading, notebooks executed by papermill."""
