// A library to preload (LD_PRELOAD) that lets the n-th call on files below a folder fail, as a disk would.
//
//   HEED_FAULT_FOLDER   the folder
//   HEED_FAULT_CALL     which call fails, from 0; none without it
//   HEED_FAULT_ERRNO    with which errno
//   HEED_FAULT_COUNT    a file that gets the number of calls at the end
//
// Calls that count: open for writing, write, pwrite, fsync, rename, mkdir, unlink and rmdir.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;
static atomic_bool ours[1 << 16];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static bool is_below(const char *path) {
    const char *folder = getenv("HEED_FAULT_FOLDER");
    return folder != NULL && path != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static bool is_ours(int descriptor) {
    return descriptor >= 0 && descriptor < 1 << 16 && atomic_load(&ours[descriptor]);
}

/// Counts a call; true where it must fail, with errno set.
static bool fails(void) {
    const char *failing = getenv("HEED_FAULT_CALL");
    const char *code = getenv("HEED_FAULT_ERRNO");
    if (atomic_fetch_add(&calls, 1) != (failing != NULL ? atol(failing) : -1))
        return false;
    errno = code != NULL ? atoi(code) : EIO;
    return true;
}

static int note(int descriptor, const char *path) {
    if (descriptor >= 0 && descriptor < 1 << 16)
        atomic_store(&ours[descriptor], is_below(path));
    return descriptor;
}

static int open_file(const char *name, const char *path, int flags, mode_t mode) {
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);
    if ((flags & O_ACCMODE) != O_RDONLY && is_below(path) && fails())
        return -1;
    return note(real(path, flags, mode), path);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return open_file("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return open_file("open64", path, flags, mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    return is_ours(descriptor) && fails() ? -1 : REAL(write)(descriptor, bytes, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return is_ours(descriptor) && fails() ? -1 : REAL(pwrite)(descriptor, bytes, count, offset);
}

int fsync(int descriptor) {
    return is_ours(descriptor) && fails() ? -1 : REAL(fsync)(descriptor);
}

int close(int descriptor) {
    if (is_ours(descriptor))
        atomic_store(&ours[descriptor], false);
    return REAL(close)(descriptor);
}

int rename(const char *source, const char *destination) {
    return is_below(source) && fails() ? -1 : REAL(rename)(source, destination);
}

int mkdir(const char *path, mode_t mode) {
    return is_below(path) && fails() ? -1 : REAL(mkdir)(path, mode);
}

int unlink(const char *path) {
    return is_below(path) && fails() ? -1 : REAL(unlink)(path);
}

int rmdir(const char *path) {
    return is_below(path) && fails() ? -1 : REAL(rmdir)(path);
}

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("HEED_FAULT_COUNT");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file == NULL)
        return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}
