#ifndef HANDRAIL_CGIT2_SHIM_H
#define HANDRAIL_CGIT2_SHIM_H
#include <git2.h>
#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>
#include <zlib.h>
#ifdef __linux__
/* fcntl.h declares it under _GNU_SOURCE alone, which the module isn't built with. */
extern int sync_file_range(int file, long long offset, long long count, unsigned int flags);
extern int renameat2(int folder, const char *old, int new_folder, const char *name, unsigned int flags);
extern int syncfs(int file);
#endif

/* Swift can't call C functions with a variable number of arguments. */
static inline int handrail_git_sync_writes(void) {
    return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
}
/*
 * Inflates a zlib stream into a buffer, which may be too small for all of it. Gives zlib's code
 * (Z_STREAM_END: the stream is whole and its checksum right), what was written, and what of the
 * input was left. libgit2 1.5 never returns from a loose object that is cut.
 */
static inline int handrail_inflate(
    const unsigned char *input, size_t input_size, unsigned char *output, size_t output_size,
    size_t *written, size_t *left) {
    z_stream stream = {0};
    int code = inflateInit(&stream);
    if (code != Z_OK) return code;
    stream.next_in = (unsigned char *)input;
    stream.avail_in = (unsigned int)input_size;
    stream.next_out = output;
    stream.avail_out = (unsigned int)output_size;
    code = inflate(&stream, Z_FINISH);
    *written = output_size - stream.avail_out;
    *left = stream.avail_in;
    inflateEnd(&stream);
    return code;
}

/*
 * Has the kernel begin to write what a file holds (sync_file_range(2); 2 is SYNC_FILE_RANGE_WRITE).
 * A hint: only fsync tells whether it got there.
 */
static inline void handrail_begin_writing(int file) {
#ifdef __linux__
    (void)sync_file_range(file, 0, 0, 2);
#else
    (void)file;
#endif
}
#endif
