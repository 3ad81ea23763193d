# Mesa's Vulkan for the CPU, on which the tests run the shaders where there is no GPU.
setup: $(if $(GITHUB_ACTIONS),vulkan)
vulkan:
	sudo apt-get update --quiet=2
	sudo apt-get install --quiet=2 --yes mesa-vulkan-drivers

.PHONY: vulkan
