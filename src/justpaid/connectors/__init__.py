"""Providers and their actions: data that says what a step sends, and the engine that sends it."""
