# The container image: `make image` builds it, `make run-container` runs it as a platform should.
DOCKER ?= docker
IMAGE = my-project
PORT ?= 8080
# For Docker before 23, whose old builder knows no cache mounts.
export DOCKER_BUILDKIT = 1
VERSION = $(or $(shell git describe --tags --always --dirty 2>/dev/null),unknown)
REVISION = $(or $(shell git rev-parse --quiet --verify HEAD 2>/dev/null),unknown)

build: image
image:
	$(DOCKER) build $(BUILD_FLAGS) --tag $(IMAGE) \
		--build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) .
run-container: image
	$(DOCKER) run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
		--env PORT=$(PORT) --publish 127.0.0.1:$(PORT):$(PORT) $(IMAGE)

.PHONY: image run-container
