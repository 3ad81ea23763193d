/* A driver of Vulkan that is Mesa's for the CPU, but for what it is told to do otherwise.
 *
 * FAKE_VULKAN_DRIVER names the library of the driver that it stands before, and FAKE_VULKAN a file,
 * read anew at each call. A line of that is a key and a value:
 *
 *   vkQueueSubmit -4    the function fails with that VkResult, here VK_ERROR_DEVICE_LOST
 *   vkQueueSubmit hang  it does not come back
 *   loud yes            it writes a line to standard error with each submission
 *   type 2  vendor 0x10de  name NVIDIA Fake 1    what the device calls itself (2 is discrete)
 *
 * Structures and names are those of the Vulkan specification, version 1.1, and of the interface of
 * loader and driver, version 5.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void (*function)(void);
typedef function (*lookup)(void *, const char *);
/* All that is wrapped has integers and pointers alone, which every ABI here passes alike. */
typedef intptr_t (*call)(intptr_t, intptr_t, intptr_t, intptr_t, intptr_t);
#define API __attribute__((visibility("default")))
#define LINE 512

/* Copies what stands behind a key into `rest`. */
static int line_of(const char *key, char *rest) {
    FILE *file = fopen(getenv("FAKE_VULKAN"), "re");
    char line[LINE];
    int found = 0;
    size_t length = strlen(key);
    while (file && !found && fgets(line, LINE, file)) {
        line[strcspn(line, "\n")] = 0;
        found = !strncmp(line, key, length) && line[length] == ' ';
        if (found) strcpy(rest, line + length + 1);
    }
    if (file) fclose(file);
    return found;
}

#define WRAPPED(name)                                                                              \
    static call real_##name;                                                                       \
    static intptr_t own_##name(intptr_t a, intptr_t b, intptr_t c, intptr_t d, intptr_t e) {       \
        char rest[LINE];                                                                           \
        if (line_of("loud", rest)) fputs("error: a driver talks\n", stderr);                       \
        if (line_of(#name, rest)) {                                                                \
            if (strcmp(rest, "hang")) return atoi(rest);                                           \
            for (;;) pause();                                                                      \
        }                                                                                          \
        return real_##name(a, b, c, d, e);                                                         \
    }
WRAPPED(vkEnumeratePhysicalDevices)
WRAPPED(vkCreateDevice)
WRAPPED(vkQueueSubmit)

struct properties { uint32_t api, driver, vendor, device, type; char name[256]; };

static void disguise(struct properties *device) {
    char rest[LINE];
    if (line_of("type", rest)) device->type = (uint32_t)strtoul(rest, NULL, 0);
    if (line_of("vendor", rest)) device->vendor = (uint32_t)strtoul(rest, NULL, 0);
    if (line_of("name", rest)) snprintf(device->name, sizeof device->name, "%.255s", rest);
}

static void (*real_properties)(void *, struct properties *);
static void own_properties(void *device, struct properties *target) {
    real_properties(device, target);
    disguise(target);
}
struct properties2 { uint32_t type; void *next; struct properties properties; };
static void (*real_properties2)(void *, struct properties2 *);
static void own_properties2(void *device, struct properties2 *target) {
    real_properties2(device, target);
    disguise(&target->properties);
}

static lookup real_of_device;
static function of_device(void *device, const char *name);

static function wrapped(const char *name, function found) {
#define INSTEAD(wanted, real, own)                                                                 \
    if (found && !strcmp(name, wanted)) {                                                          \
        real = (__typeof__(real))found;                                                            \
        return (function)own;                                                                      \
    }
    INSTEAD("vkEnumeratePhysicalDevices", real_vkEnumeratePhysicalDevices,
            own_vkEnumeratePhysicalDevices)
    INSTEAD("vkCreateDevice", real_vkCreateDevice, own_vkCreateDevice)
    INSTEAD("vkQueueSubmit", real_vkQueueSubmit, own_vkQueueSubmit)
    INSTEAD("vkGetPhysicalDeviceProperties", real_properties, own_properties)
    INSTEAD("vkGetPhysicalDeviceProperties2", real_properties2, own_properties2)
    INSTEAD("vkGetPhysicalDeviceProperties2KHR", real_properties2, own_properties2)
    INSTEAD("vkGetDeviceProcAddr", real_of_device, of_device)
    return found;
}

static function of_device(void *device, const char *name) {
    return wrapped(name, real_of_device(device, name));
}

static void *symbol(const char *name) {
    static void *library;
    if (!library) library = dlopen(getenv("FAKE_VULKAN_DRIVER"), RTLD_NOW);
    if (!library) fprintf(stderr, "%s\n", dlerror());
    return library ? dlsym(library, name) : NULL;
}

API function vk_icdGetInstanceProcAddr(void *instance, const char *name) {
    lookup real = (lookup)symbol("vk_icdGetInstanceProcAddr");
    return real ? wrapped(name, real(instance, name)) : NULL;
}
API function vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
    lookup real = (lookup)symbol("vk_icdGetPhysicalDeviceProcAddr");
    return real ? wrapped(name, real(instance, name)) : NULL;
}
API int vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
    int (*real)(uint32_t *) = (int (*)(uint32_t *))symbol(__func__);
    return real ? real(version) : -3;
}
