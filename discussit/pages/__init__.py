"""The HTML routes: every page is complete and every action a form, without JavaScript."""
