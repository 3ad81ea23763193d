# `make deploy` builds, pushes and runs the image; docs/deploy.md says what must be there before.
# service.yaml holds the settings: the image's address in it names the region and the project.
IMAGES = $(shell sed -n 's/^[ -]*image: *"*\([^" ]*\).*/\1/p' service.yaml)
# The first one is the service itself, others are beside it.
ADDRESS = $(or $(firstword $(IMAGES)),$(error service.yaml names no image))
REGISTRY = $(firstword $(subst /, ,$(ADDRESS)))
WHERE = --project $(word 2,$(subst /, ,$(ADDRESS))) --region $(patsubst %-docker.pkg.dev,%,$(REGISTRY))
# Never the same twice, so that every deployment is a revision which can be gone back to.
TAG := $(shell date -u +%Y%m%d-%H%M%S)-$(or $(shell git describe --always --dirty --exclude '*' 2>/dev/null),unknown)

deploy push: BUILD_FLAGS = --platform linux/amd64
deploy: push
	sed 's|$(ADDRESS)|&:$(TAG)|' service.yaml | gcloud run services replace - $(WHERE)
push: image
	$(DOCKER) tag $(IMAGE) $(ADDRESS):$(TAG)
	$(DOCKER) push --quiet $(ADDRESS):$(TAG)
deploy-dry-run: ; @$(MAKE) --no-print-directory --dry-run deploy

.PHONY: deploy push deploy-dry-run
