# The project's own make targets. The template never changes this file.

.PHONY: own-checks
own-checks: ## What this project checks beside the template's checks; CI runs it
	@:
