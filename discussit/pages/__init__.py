"""The HTML routes: every page is whole and every action a form, without any script."""
