"""What changed for good: conversion, pace, and where it stands against benchmarks."""
