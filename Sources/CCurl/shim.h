#pragma once
// libcurl's types and constants, and typed calls of its variadic functions.
//
// Nothing here is linked: libcurl and the thirty libraries behind it are loaded when the first
// request is made (docs/decisions/0008-curl-is-loaded-late.md).
#include <curl/curl.h>

typedef CURLcode (*hr_setopt)(CURL *, CURLoption, ...);
typedef CURLcode (*hr_getinfo)(CURL *, CURLINFO, ...);
typedef int (*hr_progress)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
typedef size_t (*hr_write)(char *, size_t, size_t, void *);
typedef curl_socket_t (*hr_open)(void *, curlsocktype, struct curl_sockaddr *);
typedef int (*hr_prereq)(void *, char *, char *, int, int);

static inline CURLcode hr_set_number(void *f, CURL *c, CURLoption o, long v) {
  return ((hr_setopt)f)(c, o, v);
}
static inline CURLcode hr_set_size(void *f, CURL *c, CURLoption o, curl_off_t v) {
  return ((hr_setopt)f)(c, o, v);
}
static inline CURLcode hr_set_text(void *f, CURL *c, CURLoption o, const char *v) {
  return ((hr_setopt)f)(c, o, v);
}
static inline CURLcode hr_set_pointer(void *f, CURL *c, CURLoption o, void *v) {
  return ((hr_setopt)f)(c, o, v);
}
static inline CURLcode hr_set_write(void *f, CURL *c, CURLoption o, hr_write v) {
  return ((hr_setopt)f)(c, o, v);
}
static inline CURLcode hr_set_progress(void *f, CURL *c, hr_progress v) {
  return ((hr_setopt)f)(c, CURLOPT_XFERINFOFUNCTION, v);
}
static inline CURLcode hr_set_open(void *f, CURL *c, hr_open v) {
  return ((hr_setopt)f)(c, CURLOPT_OPENSOCKETFUNCTION, v);
}
static inline CURLcode hr_set_prereq(void *f, CURL *c, hr_prereq v) {
  return ((hr_setopt)f)(c, CURLOPT_PREREQFUNCTION, v);
}
static inline CURLcode hr_set_authorities(void *f, CURL *c, void *bytes, size_t count) {
  struct curl_blob blob = {bytes, count, CURL_BLOB_COPY};
  return ((hr_setopt)f)(c, CURLOPT_CAINFO_BLOB, &blob);
}
static inline CURLcode hr_get_number(void *f, CURL *c, CURLINFO i, long *v) {
  return ((hr_getinfo)f)(c, i, v);
}
static inline CURLcode hr_get_text(void *f, CURL *c, CURLINFO i, char **v) {
  return ((hr_getinfo)f)(c, i, v);
}
