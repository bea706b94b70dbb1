"""Workflow definitions: what they may say, in what order their steps run, versions, life cycle."""
