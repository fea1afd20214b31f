/* A disk that is full, or whose power fails, for one process: preloaded by scripts/chaos.
 *
 * Counts the calls that write below CHAOS_FOLDER, into CHAOS_COUNT (two longs: calls, refusals).
 *   CHAOS_FULL_AT=N   the Nth and all later ones fail with ENOSPC, until the file CHAOS_ROOM is there
 *   CHAOS_LOSE_AT=N   at the Nth the file system stops at once, without what was not synced, and the
 *                     process is killed (ext4: EXT4_IOC_SHUTDOWN without a flush of its log)
 *   CHAOS_LOSE=1      the same where the process kills itself (HANDRAIL_CRASH_AT)
 *   CHAOS_LIES=1      syncs do nothing: what a disk does that the checks must notice
 * Syncing counts as a call for CHAOS_LOSE_AT, and never fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

typedef unsigned int __u32;
#define SHUTDOWN _IOR('X', 125, __u32)
#define WITHOUT_LOG_FLUSH 2

/* Shared by those that sync, held by who cuts the power: a file system that is being stopped may say
 * of a sync that it was done, and between that and our end another thread would act on it. A machine
 * without power does nothing more. */
static pthread_rwlock_t power = PTHREAD_RWLOCK_INITIALIZER;

static const char *folder, *room;
static long full_at, lose_at, loses, lies;
static long own[2], *counts = own;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

__attribute__((constructor)) static void begin(void) {
    folder = getenv("CHAOS_FOLDER");
    room = getenv("CHAOS_ROOM");
    full_at = number("CHAOS_FULL_AT");
    lose_at = number("CHAOS_LOSE_AT");
    loses = number("CHAOS_LOSE");
    lies = number("CHAOS_LIES");
    const char *path = getenv("CHAOS_COUNT");
    int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR, 0) : -1;
    if (file >= 0) {
        void *map = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (map != MAP_FAILED) counts = map;
        close(file);
    }
}

static int is_below(const char *path) {
    size_t length = folder ? strlen(folder) : 0;
    return length && strncmp(path, folder, length) == 0 && (!path[length] || path[length] == '/');
}

static int is_file_below(int file) {
    char name[64], path[PATH_MAX];
    if (!folder) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int is_path_below(int place, const char *path) {
    if (!folder || !path) return 0;
    if (path[0] == '/') return is_below(path);
    if (place != AT_FDCWD) return is_file_below(place);
    char here[PATH_MAX];
    return getcwd(here, sizeof here) && is_below(here);
}

static void lose(void) {
    int file = (int)syscall(SYS_openat, AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    __u32 how = WITHOUT_LOG_FLUSH;
    pthread_rwlock_wrlock(&power);
    if (file < 0 || ioctl(file, SHUTDOWN, &how) != 0) perror("chaos: the power can't be cut");
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

/* Whether a call that writes is refused. */
static int is_full(void) {
    long call = __atomic_add_fetch(&counts[0], 1, __ATOMIC_SEQ_CST);
    if (lose_at && call == lose_at) lose();
    if (!full_at || call < full_at || (room && access(room, F_OK) == 0)) return 0;
    __atomic_add_fetch(&counts[1], 1, __ATOMIC_SEQ_CST);
    errno = ENOSPC;
    return 1;
}

static void synced(int file) {
    if (!lose_at || !is_file_below(file)) return;
    if (__atomic_add_fetch(&counts[0], 1, __ATOMIC_SEQ_CST) == lose_at) lose();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ON_FILE(type, name, parameters, arguments)                     \
    type name parameters {                                             \
        static __typeof__(&name) real;                                 \
        if (!real) real = REAL(name);                                  \
        if (is_file_below(file) && is_full()) return (type)-1;         \
        return real arguments;                                         \
    }
#define ON_PATH(name, place, parameters, arguments)                    \
    int name parameters {                                              \
        static __typeof__(&name) real;                                 \
        if (!real) real = REAL(name);                                  \
        if (is_path_below(place, path) && is_full()) return -1;        \
        return real arguments;                                         \
    }

ON_FILE(ssize_t, write, (int file, const void *data, size_t size), (file, data, size))
ON_FILE(ssize_t, pwrite, (int file, const void *data, size_t size, off_t at), (file, data, size, at))
ON_FILE(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at))
ON_FILE(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count))
ON_FILE(ssize_t, pwritev, (int file, const struct iovec *parts, int count, off_t at), (file, parts, count, at))
ON_FILE(int, ftruncate, (int file, off_t size), (file, size))
ON_FILE(int, ftruncate64, (int file, off64_t size), (file, size))
ON_FILE(int, fallocate, (int file, int mode, off_t at, off_t size), (file, mode, at, size))
ON_FILE(int, fallocate64, (int file, int mode, off64_t at, off64_t size), (file, mode, at, size))
ON_PATH(mkdir, AT_FDCWD, (const char *path, mode_t mode), (path, mode))
ON_PATH(mkdirat, place, (int place, const char *path, mode_t mode), (place, path, mode))
ON_PATH(rename, AT_FDCWD, (const char *from, const char *path), (from, path))
ON_PATH(renameat, place, (int other, const char *from, int place, const char *path), (other, from, place, path))
ON_PATH(link, AT_FDCWD, (const char *from, const char *path), (from, path))
ON_PATH(linkat, place, (int other, const char *from, int place, const char *path, int flags),
        (other, from, place, path, flags))

#define OPENS(name, place, parameters, arguments)                                       \
    int name parameters {                                                               \
        static int (*real) parameters;                                                  \
        mode_t mode = 0;                                                                \
        if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name);                           \
        if (flags & (O_CREAT | O_TMPFILE)) {                                            \
            va_list rest;                                                               \
            va_start(rest, flags);                                                      \
            mode = va_arg(rest, mode_t);                                                \
            va_end(rest);                                                               \
        }                                                                               \
        if ((flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)                       \
            && is_path_below(place, path)                                               \
            && (faccessat(place, path, F_OK, 0) != 0 || flags & O_TRUNC) && is_full())  \
            return -1;                                                                  \
        return real arguments;                                                          \
    }
OPENS(open, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
OPENS(open64, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
OPENS(openat, place, (int place, const char *path, int flags, ...), (place, path, flags, mode))
OPENS(openat64, place, (int place, const char *path, int flags, ...), (place, path, flags, mode))

static int sync_by(int (*real)(int), int file) {
    synced(file);
    if (lies && is_file_below(file)) return 0;
    pthread_rwlock_rdlock(&power);
    int result = real(file), why = errno;
    pthread_rwlock_unlock(&power);
    errno = why;
    return result;
}

int fsync(int file) {
    static int (*real)(int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    return sync_by(real, file);
}

int fdatasync(int file) {
    static int (*real)(int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    return sync_by(real, file);
}

int kill(pid_t process, int signal) {
    static int (*real)(pid_t, int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "kill");
    if (loses && process == getpid() && signal == SIGKILL) lose();
    return real(process, signal);
}
