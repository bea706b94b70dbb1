"""Notices: what the people of a company are told, in the dashboard's inbox."""
