"""funnelml: a Jupyter workbench for predictive sales funnels."""

__version__ = "0.1.0"
