/* A stand-in for NVIDIA's management library, loaded as `libnvidia-ml.so.1`.
 *
 * What it says stands in the file that FAKE_NVML names, read anew at each call: a line is a key and
 * its values. The first call gets the first value, the next call the second, and the last value
 * stays. A value `!N` is no value: the call fails with status N of nvml.h. `1.key` is the key of the
 * second device, `key` that of every device that has none of its own.
 *
 *   init 0  count 1  driver 550.54  handle 0
 *   name NVIDIA Fake 1  uuid GPU-…  pci 0:65:0 (domain:bus:device, hexadecimal)
 *   temperature 40  slowdown 90  power 250000  limit 300000  clock 1800  memory_clock 7000
 *   utilisation 97  memory_total N  memory_used N  ecc 0  throttle 0x4
 *   lost N       after N readings of the temperature every call fails with GPU_IS_LOST
 *   delay.key S  each call for that key takes S seconds, and no signal cuts it short
 *   log FILE     each call appends its key there
 *
 * With -DOLD it lacks what drivers before 2023 lack. Declared after NVIDIA's nvml.h, API version 12.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int status;
typedef struct device { int number; } *device;
enum { SUCCESS, UNINITIALIZED, INVALID_ARGUMENT, NOT_SUPPORTED, NO_PERMISSION, NOT_FOUND = 6,
       INSUFFICIENT_SIZE, GPU_IS_LOST = 15, VERSION_MISMATCH = 25, UNKNOWN = 999 };
#define LINE 4096
#define DEVICES 4
#define API __attribute__((visibility("default")))

static struct device all[DEVICES] = {{0}, {1}, {2}, {3}};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int started, readings;
static struct { char key[64]; int calls; } counters[128];

static int *counter(const char *key) {
    for (int at = 0; at < 128; at++) {
        if (!counters[at].key[0]) snprintf(counters[at].key, 64, "%s", key);
        if (!strcmp(counters[at].key, key)) return &counters[at].calls;
    }
    abort();
}

/* Copies what stands behind a key into `rest`. */
static int line_of(const char *key, char *rest) {
    const char *path = getenv("FAKE_NVML");
    FILE *file = path ? fopen(path, "re") : NULL;
    char line[LINE];
    int found = 0;
    size_t length = strlen(key);
    while (file && fgets(line, LINE, file)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, key, length) || line[length] != ' ') continue;
        snprintf(rest, LINE, "%s", line + length + 1);
        found = 1;
    }
    if (file) fclose(file);
    return found;
}

static int own_line(int number, const char *key, char *rest, char *name) {
    snprintf(name, 64, "%d.%s", number, key);
    if (line_of(name, rest)) return 1;
    snprintf(name, 64, "%.50s", key);
    int found = line_of(key, rest);
    snprintf(name, 64, "%d.%.50s", number, key);
    return found;
}

/* Writes a call down, and takes its time. */
static void called(const char *key) {
    char path[LINE], delay[80], seconds[LINE];
    if (line_of("log", path)) {
        int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (file >= 0 && dprintf(file, "%s\n", key) >= 0) close(file);
    }
    snprintf(delay, sizeof delay, "delay.%s", key);
    struct timespec left = {line_of(delay, seconds) ? atoi(seconds) : 0, 0};
    while (left.tv_sec && nanosleep(&left, &left)) {}
}

/* The whole text behind a key, or a status. */
static status text_of(int number, const char *key, char *rest) {
    char name[64];
    called(key);
    pthread_mutex_lock(&lock);
    status result = own_line(number, key, rest, name) ? SUCCESS : NOT_SUPPORTED;
    pthread_mutex_unlock(&lock);
    return result == SUCCESS && rest[0] == '!' ? atoi(rest + 1) : result;
}

/* The next number of a series, or a status. */
static status next_of(int number, const char *key, unsigned long long *value) {
    char rest[LINE], name[64], *word, *place = NULL, *last = NULL;
    status result = NOT_SUPPORTED;
    called(key);
    pthread_mutex_lock(&lock);
    if (own_line(number, key, rest, name)) {
        int left = (*counter(name))++;
        for (word = strtok_r(rest, " ", &place); word; word = strtok_r(NULL, " ", &place)) {
            last = word;
            if (!left--) break;
        }
        if (last && last[0] == '!') result = atoi(last + 1);
        else if (last) { *value = strtoull(last, NULL, 0); result = SUCCESS; }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static unsigned long long number_of(const char *key, unsigned long long otherwise) {
    char rest[LINE];
    return line_of(key, rest) ? strtoull(rest, NULL, 0) : otherwise;
}

static status alive(device handle) {
    if (!started) return UNINITIALIZED;
    if (handle < all || handle >= all + DEVICES) return INVALID_ARGUMENT;
    return readings > (int)number_of("lost", 1 << 30) ? GPU_IS_LOST : SUCCESS;
}

static status reading(device handle, const char *key, unsigned long long *value) {
    status result = alive(handle);
    return result ? result : next_of(handle->number, key, value);
}

static status small(device handle, const char *key, unsigned *value) {
    unsigned long long wide = 0;
    if (!value) return INVALID_ARGUMENT;
    status result = reading(handle, key, &wide);
    if (!result) *value = (unsigned)wide;
    return result;
}

static status written(device handle, const char *key, char *target, unsigned length) {
    char rest[LINE];
    status result = handle ? alive(handle) : started ? SUCCESS : UNINITIALIZED;
    if (!result) result = text_of(handle ? handle->number : 0, key, rest);
    if (result) return result;
    if (strlen(rest) >= length) return INSUFFICIENT_SIZE;
    strcpy(target, rest);
    return SUCCESS;
}

/* --- start and end --------------------------------------------------------------------------- */

API status nvmlInitWithFlags(unsigned flags) {
    unsigned long long value = 0;
    (void)flags;
    status result = next_of(0, "init", &value);
    if (result == NOT_SUPPORTED && !getenv("FAKE_NVML")) return UNKNOWN;
    if (!result) started++;
    return result;
}
API status nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
API status nvmlInit(void) { return nvmlInitWithFlags(0); }
API status nvmlShutdown(void) {
    if (!started) return UNINITIALIZED;
    started--;
    return SUCCESS;
}
API const char *nvmlErrorString(status result) {
    return result == NO_PERMISSION ? "Insufficient Permissions"
         : result == NOT_SUPPORTED ? "Not Supported"
         : result == GPU_IS_LOST ? "GPU is lost" : "Unknown Error";
}
API status nvmlSystemGetDriverVersion(char *target, unsigned length) {
    return written(NULL, "driver", target, length);
}
API status nvmlSystemGetNVMLVersion(char *target, unsigned length) {
    return written(NULL, "driver", target, length);
}
API status nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 12040; return SUCCESS; }

/* --- which devices there are ------------------------------------------------------------------ */

API status nvmlDeviceGetCount_v2(unsigned *count) {
    unsigned long long value = 1;
    if (!started) return UNINITIALIZED;
    status result = next_of(0, "count", &value);
    *count = (unsigned)value;
    return result == NOT_SUPPORTED ? SUCCESS : result;
}
API status nvmlDeviceGetCount(unsigned *count) { return nvmlDeviceGetCount_v2(count); }
API status nvmlDeviceGetHandleByIndex_v2(unsigned index, device *handle) {
    unsigned long long value = 0;
    unsigned count = 0;
    status result = nvmlDeviceGetCount_v2(&count);
    if (result) return result;
    if (index >= count || index >= DEVICES) return INVALID_ARGUMENT;
    result = next_of((int)index, "handle", &value);
    if (result && result != NOT_SUPPORTED) return result;
    *handle = &all[index];
    return SUCCESS;
}
API status nvmlDeviceGetHandleByIndex(unsigned index, device *handle) {
    return nvmlDeviceGetHandleByIndex_v2(index, handle);
}
API status nvmlDeviceGetUUID(device handle, char *target, unsigned length) {
    return written(handle, "uuid", target, length);
}
API status nvmlDeviceGetHandleByUUID(const char *uuid, device *handle) {
    char own[LINE];
    unsigned count = 0;
    status result = nvmlDeviceGetCount_v2(&count);
    for (unsigned at = 0; !result && at < count; at++)
        if (!text_of((int)at, "uuid", own) && !strcmp(own, uuid))
            return nvmlDeviceGetHandleByIndex_v2(at, handle);
    return result ? result : NOT_FOUND;
}

struct pci { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; };

API status nvmlDeviceGetPciInfo_v3(device handle, struct pci *pci) {
    char own[LINE];
    status result = alive(handle);
    if (!result) result = text_of(handle->number, "pci", own);
    if (result) return result;
    memset(pci, 0, sizeof *pci);
    sscanf(own, "%x:%x:%x", &pci->domain, &pci->bus, &pci->device);
    pci->id = 0x233010de;
    snprintf(pci->legacy, 16, "%04X:%02X:%02X.0", pci->domain & 0xffff, pci->bus & 0xff, pci->device & 0xff);
    snprintf(pci->bus_id, 32, "%08X:%02X:%02X.0", pci->domain, pci->bus, pci->device);
    return SUCCESS;
}
API status nvmlDeviceGetPciInfo_v2(device handle, struct pci *pci) {
    return nvmlDeviceGetPciInfo_v3(handle, pci);
}
API status nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, device *handle) {
    unsigned count = 0, domain = 0, bus = 0, slot = 0;
    status result = nvmlDeviceGetCount_v2(&count);
    if (result) return result;
    if (sscanf(bus_id, "%x:%x:%x.0", &domain, &bus, &slot) != 3) return INVALID_ARGUMENT;
    for (unsigned at = 0; at < count; at++) {
        struct pci pci;
        if (nvmlDeviceGetPciInfo_v3(&all[at], &pci)) continue;
        if (pci.domain == domain && pci.bus == bus && pci.device == slot)
            return nvmlDeviceGetHandleByIndex_v2(at, handle);
    }
    return NOT_FOUND;
}
API status nvmlDeviceGetHandleByPciBusId(const char *bus_id, device *handle) {
    return nvmlDeviceGetHandleByPciBusId_v2(bus_id, handle);
}
API status nvmlDeviceGetName(device handle, char *target, unsigned length) {
    return written(handle, "name", target, length);
}
API status nvmlDeviceGetIndex(device handle, unsigned *index) {
    status result = alive(handle);
    if (!result) *index = (unsigned)handle->number;
    return result;
}
API status nvmlDeviceGetMinorNumber(device handle, unsigned *number) {
    return nvmlDeviceGetIndex(handle, number);
}

/* --- sensors ---------------------------------------------------------------------------------- */

API status nvmlDeviceGetTemperature(device handle, int sensor, unsigned *celsius) {
    if (sensor) return INVALID_ARGUMENT;
    readings++;
    return small(handle, "temperature", celsius);
}
API status nvmlDeviceGetTemperatureThreshold(device handle, int threshold, unsigned *celsius) {
    if (threshold < 0 || threshold > 7) return INVALID_ARGUMENT;
    return threshold == 1 ? small(handle, "slowdown", celsius) : NOT_SUPPORTED;
}
API status nvmlDeviceGetPowerUsage(device handle, unsigned *milliwatts) {
    return small(handle, "power", milliwatts);
}
API status nvmlDeviceGetEnforcedPowerLimit(device handle, unsigned *milliwatts) {
    return small(handle, "limit", milliwatts);
}
API status nvmlDeviceGetPowerManagementLimit(device handle, unsigned *milliwatts) {
    return small(handle, "limit", milliwatts);
}
/* Clocks: 0 graphics, 1 streaming multiprocessors, 2 memory. */
API status nvmlDeviceGetClockInfo(device handle, int clock, unsigned *megahertz) {
    if (clock < 0 || clock > 3) return INVALID_ARGUMENT;
    if (clock == 2) return small(handle, "memory_clock", megahertz);
    status result = small(handle, "clock", megahertz);
    if (!result && clock == 0) *megahertz -= 15; /* not those of the multiprocessors */
    return result;
}
API status nvmlDeviceGetClock(device handle, int clock, int kind, unsigned *megahertz) {
    return kind ? NOT_SUPPORTED : nvmlDeviceGetClockInfo(handle, clock, megahertz);
}
API status nvmlDeviceGetUtilizationRates(device handle, unsigned percent[2]) {
    percent[1] = 33; /* of the memory's time; nobody asked for it */
    return small(handle, "utilisation", &percent[0]);
}
API status nvmlDeviceGetTotalEccErrors(device handle, int kind, int counter_type, unsigned long long *count) {
    (void)counter_type;
    *count = 0;
    status result = reading(handle, "ecc", count);
    if (!kind) *count = 0; /* corrected ones: none */
    return result;
}

static status memory(device handle, unsigned long long *total, unsigned long long *used) {
    status result = reading(handle, "memory_used", used);
    return result ? result : reading(handle, "memory_total", total);
}
API status nvmlDeviceGetMemoryInfo(device handle, unsigned long long out[3]) {
    status result = memory(handle, &out[0], &out[2]);
    out[1] = out[0] - out[2];
    return result;
}
struct memory_v2 { unsigned version; unsigned long long total, reserved, free, used; };
API status nvmlDeviceGetMemoryInfo_v2(device handle, struct memory_v2 *out) {
    if (out->version != (sizeof *out | 2u << 24)) return VERSION_MISMATCH;
    status result = memory(handle, &out->total, &out->used);
    out->reserved = 0;
    out->free = out->total - out->used;
    return result;
}
API status nvmlDeviceGetCurrentClocksThrottleReasons(device handle, unsigned long long *bits) {
    return reading(handle, "throttle", bits);
}
API status nvmlDeviceGetSupportedClocksThrottleReasons(device handle, unsigned long long *bits) {
    *bits = 0x1ff;
    return alive(handle);
}

#ifndef OLD
struct temperature { unsigned version; int sensor; int celsius; };
API status nvmlDeviceGetTemperatureV(device handle, struct temperature *out) {
    if (out->version != (sizeof *out | 1u << 24)) return VERSION_MISMATCH;
    return nvmlDeviceGetTemperature(handle, out->sensor, (unsigned *)&out->celsius);
}
API status nvmlDeviceGetCurrentClocksEventReasons(device handle, unsigned long long *bits) {
    return reading(handle, "throttle", bits);
}
API status nvmlDeviceGetSupportedClocksEventReasons(device handle, unsigned long long *bits) {
    return nvmlDeviceGetSupportedClocksThrottleReasons(handle, bits);
}
#endif
