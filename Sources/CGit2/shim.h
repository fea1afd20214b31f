#ifndef HANDRAIL_CGIT2_SHIM_H
#define HANDRAIL_CGIT2_SHIM_H
#include <git2.h>
#endif
