"""Where the funnel leaks: conversion, gaps, dwell, shape, comparison, integrity, reasons, bridge and warnings."""
