#ifndef HANDRAIL_CGIT2_SHIM_H
#define HANDRAIL_CGIT2_SHIM_H
#include <git2.h>
#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>

/* Swift can't call C functions with a variable number of arguments. */
static inline int handrail_git_sync_writes(void) {
    return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
}
#endif
