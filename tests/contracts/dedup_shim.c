/* Counts the calls to the system that concern one folder, and does something at one of them.
 *
 * Preloaded into a program. From the environment:
 *   SHIM_ROOT   the folder, with nothing after its last part
 *   SHIM_LOG    a file that gets a line for each call: its name, a tab, and the path
 *   SHIM_CALLS  if set, a comma between each: only calls of these names are counted
 *   SHIM_AT     the number of the call, from 1; with a `+`, that call and all later ones
 *   SHIM_EVENT  `kill`, `stop`, `swap`, `rewrite`, or the number of an error with which the call fails
 *   SHIM_OLD    with `swap`: this name is moved to SHIM_ASIDE,
 *   SHIM_NEW    and this one to SHIM_OLD, as another program could do at that moment;
 *               with `rewrite`: the first byte of SHIM_OLD is replaced, and its mtime put back
 *   SHIM_LEASES if set: there are none, as on some file systems
 *   SHIM_PEAK   a file that gets, at the end, the most KiB of memory that the program held
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *root, *event, *calls;
static long at, count;
static int onward, log_file = -1;

__attribute__((constructor)) static void begin(void) {
  root = getenv("SHIM_ROOT");
  event = getenv("SHIM_EVENT");
  calls = getenv("SHIM_CALLS");
  at = getenv("SHIM_AT") ? atol(getenv("SHIM_AT")) : 0;
  onward = at && strchr(getenv("SHIM_AT"), '+');
  if (root && getenv("SHIM_LOG"))
    log_file = syscall(SYS_openat, AT_FDCWD, getenv("SHIM_LOG"),
                       O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
}

/* What getrusage(2) says begins with the memory of whoever started the program. */
__attribute__((destructor)) static void end(void) {
  const char *target = getenv("SHIM_PEAK");
  char text[8192];
  long status = target ? syscall(SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY, 0) : -1;
  long size = status < 0 ? -1 : syscall(SYS_read, status, text, sizeof text - 1);
  if (size < 0) return;
  text[size] = 0;
  const char *peak = strstr(text, "VmHWM:");
  long file = syscall(SYS_openat, AT_FDCWD, target, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (!peak || file < 0 || dprintf(file, "%ld\n", atol(peak + 6)) < 0) abort();
}

static int below(const char *path) {
  size_t length = strlen(root);
  return !strncmp(path, root, length) && (path[length] == '/' || !path[length]);
}

static int concerns_descriptor(int descriptor) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  long size = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return below(path);
}

static int concerns(int folder, const char *path) {
  if (!path || !*path) return concerns_descriptor(folder);
  if (*path == '/') return below(path);
  return folder != AT_FDCWD && concerns_descriptor(folder);
}

static void rewrite(const char *path) {
  struct stat status;
  int file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  if (file < 0 || syscall(SYS_fstat, file, &status)) return;
  struct timespec times[2] = {status.st_atim, status.st_mtim};
  if (syscall(SYS_pwrite64, file, "z", 1L, 0L) != 1) abort();
  if (syscall(SYS_utimensat, file, NULL, times, 0)) abort();
  syscall(SYS_close, file);
}

static int is_counted(const char *name) {
  if (!calls || !*calls) return 1;
  size_t length = strlen(name);
  for (const char *each = calls; (each = strstr(each, name)); each += length)
    if ((each == calls || each[-1] == ',') && (each[length] == ',' || !each[length])) return 1;
  return 0;
}

static void note(const char *name, int folder, const char *path) {
  char line[2 * PATH_MAX], link[64];
  int size = snprintf(line, sizeof line, "%s\t", name);
  if (folder >= 0 && (!path || *path != '/')) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    long more = syscall(SYS_readlinkat, AT_FDCWD, link, line + size, PATH_MAX);
    size += more < 0 ? 0 : more;
    if (path && *path) line[size++] = '/';
  }
  size += snprintf(line + size, PATH_MAX, "%s\n", path ? path : "");
  if (syscall(SYS_write, log_file, line, size) < 0) abort();
}

/* Returns whether the call has to fail; errno is set then. */
static int strikes(const char *name, int folder, const char *path) {
  long number = is_counted(name) ? __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST) : 0;
  if (log_file >= 0) note(name, folder, path);
  if (!event || !number || !(number == at || (onward && number > at))) return 0;
  if (!strcmp(event, "kill")) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) pause();
  }
  if (!strcmp(event, "stop")) {
    syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), SIGSTOP);
    return 0;
  }
  if (!strcmp(event, "swap")) {
    syscall(SYS_renameat2, AT_FDCWD, getenv("SHIM_OLD"), AT_FDCWD, getenv("SHIM_ASIDE"), 1);
    syscall(SYS_renameat2, AT_FDCWD, getenv("SHIM_NEW"), AT_FDCWD, getenv("SHIM_OLD"), 1);
    return 0;
  }
  if (!strcmp(event, "rewrite")) {
    rewrite(getenv("SHIM_OLD"));
    return 0;
  }
  errno = atoi(event);
  return 1;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define PATH_CALL(type, name, folder, path, parameters, arguments)      \
  type name parameters {                                                \
    REAL(name);                                                         \
    if (root && concerns(folder, path) && strikes(#name, folder, path)) return -1; \
    return real arguments;                                              \
  }
#define FILE_CALL(type, name, parameters, arguments)                    \
  type name parameters {                                                \
    REAL(name);                                                         \
    if (root && concerns_descriptor(file) && strikes(#name, file, NULL)) return -1; \
    return real arguments;                                              \
  }
#define MODE                                                            \
  va_list rest;                                                         \
  va_start(rest, flags);                                                \
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
  va_end(rest);

int open(const char *path, int flags, ...) {
  MODE REAL(open);
  if (root && concerns(AT_FDCWD, path) && strikes("open", AT_FDCWD, path)) return -1;
  return real(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE REAL(open64);
  if (root && concerns(AT_FDCWD, path) && strikes("open", AT_FDCWD, path)) return -1;
  return real(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  MODE REAL(openat);
  if (root && concerns(folder, path) && strikes("open", folder, path)) return -1;
  return real(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
  MODE REAL(openat64);
  if (root && concerns(folder, path) && strikes("open", folder, path)) return -1;
  return real(folder, path, flags, mode);
}

static int leases(int file) {
  if (!root || !concerns_descriptor(file)) return 0;
  if (strikes("lease", file, NULL)) return -1;
  if (!getenv("SHIM_LEASES")) return 0;
  errno = EINVAL;
  return -1;
}
#define LEASE                                                \
  va_list rest;                                              \
  va_start(rest, command);                                   \
  void *argument = va_arg(rest, void *);                     \
  va_end(rest);                                              \
  if (command == F_SETLEASE && leases(file)) return -1;      \
  return real(file, command, argument);
int fcntl(int file, int command, ...) {
  REAL(fcntl);
  LEASE
}
int fcntl64(int file, int command, ...) {
  REAL(fcntl64);
  LEASE
}

PATH_CALL(int, link, AT_FDCWD, new, (const char *old, const char *new), (old, new))
PATH_CALL(int, linkat, folder, new,
          (int from, const char *old, int folder, const char *new, int flags),
          (from, old, folder, new, flags))
PATH_CALL(int, symlink, AT_FDCWD, new, (const char *old, const char *new), (old, new))
PATH_CALL(int, symlinkat, folder, new, (const char *old, int folder, const char *new),
          (old, folder, new))
PATH_CALL(int, rename, AT_FDCWD, new, (const char *old, const char *new), (old, new))
PATH_CALL(int, renameat, folder, new,
          (int from, const char *old, int folder, const char *new), (from, old, folder, new))
PATH_CALL(int, renameat2, folder, new,
          (int from, const char *old, int folder, const char *new, unsigned flags),
          (from, old, folder, new, flags))
PATH_CALL(int, unlink, AT_FDCWD, path, (const char *path), (path))
PATH_CALL(int, unlinkat, folder, path, (int folder, const char *path, int flags),
          (folder, path, flags))
PATH_CALL(int, stat, AT_FDCWD, path, (const char *path, struct stat *status), (path, status))
PATH_CALL(int, lstat, AT_FDCWD, path, (const char *path, struct stat *status), (path, status))
PATH_CALL(int, stat64, AT_FDCWD, path, (const char *path, struct stat64 *status), (path, status))
PATH_CALL(int, lstat64, AT_FDCWD, path, (const char *path, struct stat64 *status), (path, status))
PATH_CALL(int, fstatat, folder, path,
          (int folder, const char *path, struct stat *status, int flags),
          (folder, path, status, flags))
PATH_CALL(int, fstatat64, folder, path,
          (int folder, const char *path, struct stat64 *status, int flags),
          (folder, path, status, flags))
PATH_CALL(int, statx, folder, path,
          (int folder, const char *path, int flags, unsigned mask, struct statx *status),
          (folder, path, flags, mask, status))
PATH_CALL(ssize_t, readlink, AT_FDCWD, path, (const char *path, char *into, size_t size),
          (path, into, size))
PATH_CALL(ssize_t, readlinkat, folder, path,
          (int folder, const char *path, char *into, size_t size), (folder, path, into, size))
FILE_CALL(int, fstat, (int file, struct stat *status), (file, status))
FILE_CALL(int, fstat64, (int file, struct stat64 *status), (file, status))
FILE_CALL(int, fsync, (int file), (file))
FILE_CALL(int, fdatasync, (int file), (file))
FILE_CALL(int, ftruncate, (int file, off_t size), (file, size))
FILE_CALL(int, ftruncate64, (int file, off64_t size), (file, size))
FILE_CALL(ssize_t, read, (int file, void *into, size_t size), (file, into, size))
FILE_CALL(ssize_t, pread, (int file, void *into, size_t size, off_t from), (file, into, size, from))
FILE_CALL(ssize_t, pread64, (int file, void *into, size_t size, off64_t from),
          (file, into, size, from))
FILE_CALL(ssize_t, write, (int file, const void *from, size_t size), (file, from, size))
