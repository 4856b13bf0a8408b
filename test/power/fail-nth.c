/* Makes one call on the database's files fail: the Nth write or the Nth sync of the process. Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int counted;

/* Whether this call is the one: `FAILING_CALL` is "write" or "sync", `FAILING_CALL_AT` its number, `FAILING_CALL_ERRNO` what it fails with. */
static int fails(const char *call, int file) {
  const char *wanted = getenv("FAILING_CALL");
  char link[64], path[4096];
  ssize_t length;
  if (wanted == NULL || strcmp(wanted, call) != 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (strstr(path, "/pabal.db") == NULL || strstr(path, "-shm") != NULL) return 0;
  if (__atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST) != atoi(getenv("FAILING_CALL_AT"))) return 0;
  errno = atoi(getenv("FAILING_CALL_ERRNO"));
  return 1;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))
typedef ssize_t (*write_call)(int, const void *, size_t);
typedef ssize_t (*pwrite_call)(int, const void *, size_t, off_t);
typedef int (*sync_call)(int);

ssize_t write(int file, const void *bytes, size_t size) {
  return fails("write", file) ? -1 : REAL("write", write_call)(file, bytes, size);
}
ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) {
  return fails("write", file) ? -1 : REAL("pwrite", pwrite_call)(file, bytes, size, at);
}
ssize_t pwrite64(int file, const void *bytes, size_t size, off_t at) {
  return fails("write", file) ? -1 : REAL("pwrite64", pwrite_call)(file, bytes, size, at);
}
int fsync(int file) { return fails("sync", file) ? -1 : REAL("fsync", sync_call)(file); }
int fdatasync(int file) { return fails("sync", file) ? -1 : REAL("fdatasync", sync_call)(file); }
