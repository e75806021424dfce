/* SPDX-License-Identifier: MIT */

/*
 * Preloaded (ld.so(8)), lets the n-th call of a class fail, once. Which, and whether it has come to
 * that, is in a file that the test maps too: it can begin to count in the middle of a run. Named by
 * FAULT_CONTROL; without it nothing fails. Only the first process that maps the file is concerned,
 * not the programs that it starts.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MEMORY, OPEN, READ, WRITE, FSYNC, RENAME, RESERVE, FILES, SOCKET, NETWORK };

/* As fail.py packs it: seven native 32-bit numbers. */
static struct control {
	uint32_t process; /* whose calls count; 0: nobody has mapped it yet */
	uint32_t armed;	  /* calls are counted */
	uint32_t class;
	uint32_t at;	/* the call that fails, from 1 on; 0: none */
	uint32_t error; /* errno of it; 0: it is short instead, where that is possible */
	uint32_t count; /* so many were there */
	uint32_t hit;	/* it has failed */
} * control;

/* dlsym() may allocate before the real allocation is known. */
static char early[4096];
static size_t early_used;

static bool is_early(const void *memory)
{
	return (const char *)memory >= early && (const char *)memory < early + sizeof(early);
}

__attribute__((constructor)) static void map_control(void)
{
	const char *path = getenv("FAULT_CONTROL");
	long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
	long mapped;

	if (fd < 0)
		return;
	mapped = syscall(SYS_mmap, NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 0);
	syscall(SYS_close, fd);
	if (mapped == -1)
		return;
	control = (struct control *)mapped;
	if (control->process == 0)
		control->process = (uint32_t)syscall(SYS_getpid);
	if (control->process != (uint32_t)syscall(SYS_getpid))
		control = NULL;
}

/* ---- Whether a call fails ---- */

/* This is the call: it is so, once, in the one thread that the programs have. */
static bool is_hit(uint32_t class)
{
	if (!control || !control->armed || control->class != class)
		return false;
	control->count++;
	if (control->hit || control->count != control->at)
		return false;
	control->hit = 1;
	return true;
}

/* Sets errno, unless the call is to be short. */
static bool fails(uint32_t class)
{
	if (!is_hit(class) || control->error == 0)
		return false;
	errno = (int)control->error;
	return true;
}

/* How many of SIZE bytes are to be read or written: fewer, if this is the call and it is short;
 * with *RET_FAILS none. */
static size_t shortened(uint32_t class, size_t size, bool *ret_fails)
{
	*ret_fails = false;
	if (!is_hit(class))
		return size;
	if (control->error) {
		errno = (int)control->error;
		*ret_fails = true;
	}
	return size > 1 ? size / 2 : size;
}

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

#define REAL(name)                     \
	static __typeof__(name) *real; \
	if (!real)                     \
	real = (__typeof__(name) *)next(#name)

/* A call that only fails: with -1. */
#define FAILING(class, name, parameters, arguments)        \
	int name parameters                                \
	{                                                  \
		REAL(name);                                \
		return fails(class) ? -1 : real arguments; \
	}

/* A call that can be short too. */
#define SHORT(class, name, parameters, arguments)           \
	ssize_t name parameters                             \
	{                                                   \
		bool is_failure;                            \
		REAL(name);                                 \
		size = shortened(class, size, &is_failure); \
		return is_failure ? -1 : real arguments;    \
	}

/* ---- Memory ---- */

static void *early_malloc(size_t size)
{
	size_t from = (early_used + 15) & ~(size_t)15;

	if (from + size > sizeof(early))
		abort();
	early_used = from + size;
	return early + from;
}

/* The functions of who allocates: found together, before the first is used. */
static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	bool is_searched;
} memory_real;

static bool memory_is_ready(void)
{
	if (memory_real.free)
		return true;
	if (memory_real.is_searched)
		return false;
	memory_real.is_searched = true;
	memory_real.malloc = (void *(*)(size_t))next("malloc");
	memory_real.calloc = (void *(*)(size_t, size_t))next("calloc");
	memory_real.realloc = (void *(*)(void *, size_t))next("realloc");
	memory_real.free = (void (*)(void *))next("free");
	return true;
}

void *malloc(size_t size)
{
	if (!memory_is_ready())
		return early_malloc(size);
	return fails(MEMORY) ? NULL : memory_real.malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (!memory_is_ready())
		return early_malloc(count * size); /* it is zero */
	return fails(MEMORY) ? NULL : memory_real.calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	if (is_early(memory) || !memory_is_ready())
		abort();
	return fails(MEMORY) ? NULL : memory_real.realloc(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, bytes);
}

void free(void *memory)
{
	if (memory && !is_early(memory) && memory_is_ready())
		memory_real.free(memory);
}

char *strndup(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	char *copy = malloc(length + 1);

	if (copy) {
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	return copy;
}

char *strdup(const char *text)
{
	return strndup(text, SIZE_MAX);
}

/* ---- Files ---- */

#define OPENING(name)                                                            \
	int name(const char *path, int flags, ...)                               \
	{                                                                        \
		mode_t mode;                                                     \
		va_list rest;                                                    \
		REAL(name);                                                      \
		va_start(rest, flags);                                           \
		mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
		va_end(rest);                                                    \
		return fails(OPEN) ? -1 : real(path, flags, mode);               \
	}
#define OPENING_AT(name)                                                         \
	int name(int directory, const char *path, int flags, ...)                \
	{                                                                        \
		mode_t mode;                                                     \
		va_list rest;                                                    \
		REAL(name);                                                      \
		va_start(rest, flags);                                           \
		mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
		va_end(rest);                                                    \
		return fails(OPEN) ? -1 : real(directory, path, flags, mode);    \
	}
OPENING(open)
OPENING(open64)
OPENING_AT(openat)
OPENING_AT(openat64)

SHORT(READ, read, (int fd, void *bytes, size_t size), (fd, bytes, size))
SHORT(READ, pread, (int fd, void *bytes, size_t size, off_t at), (fd, bytes, size, at))
SHORT(READ, pread64, (int fd, void *bytes, size_t size, off64_t at), (fd, bytes, size, at))
SHORT(WRITE, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
SHORT(WRITE, pwrite, (int fd, const void *bytes, size_t size, off_t at), (fd, bytes, size, at))
SHORT(WRITE, pwrite64, (int fd, const void *bytes, size_t size, off64_t at), (fd, bytes, size, at))

FAILING(FSYNC, fsync, (int fd), (fd))
FAILING(FSYNC, fdatasync, (int fd), (fd))
FAILING(RENAME, rename, (const char *from, const char *to), (from, to))
FAILING(RENAME, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
FAILING(RENAME, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
	(a, from, b, to, flags))
FAILING(RESERVE, ftruncate, (int fd, off_t size), (fd, size))
FAILING(RESERVE, ftruncate64, (int fd, off64_t size), (fd, size))
FAILING(RESERVE, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
FAILING(RESERVE, fallocate64, (int fd, int mode, off64_t at, off64_t size), (fd, mode, at, size))
FAILING(FILES, mkdirat, (int directory, const char *path, mode_t mode), (directory, path, mode))
FAILING(FILES, unlink, (const char *path), (path))
FAILING(FILES, unlinkat, (int directory, const char *path, int flags), (directory, path, flags))
FAILING(FILES, fchmod, (int fd, mode_t mode), (fd, mode))
FAILING(FILES, flock, (int fd, int operation), (fd, operation))
FAILING(FILES, fstat, (int fd, struct stat *status), (fd, status))
FAILING(FILES, fstatat, (int directory, const char *path, struct stat *status, int flags),
	(directory, path, status, flags))

/* ---- Sockets and waits ---- */

FAILING(SOCKET, socket, (int domain, int type, int protocol), (domain, type, protocol))
FAILING(SOCKET, bind, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
FAILING(SOCKET, listen, (int fd, int backlog), (fd, backlog))
FAILING(SOCKET, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
FAILING(SOCKET, accept4, (int fd, struct sockaddr *from, socklen_t *size, int flags),
	(fd, from, size, flags))
FAILING(SOCKET, epoll_create1, (int flags), (flags))
/* What is in the set can be changed and taken out without memory: only to add fails. */
int epoll_ctl(int fd, int operation, int on, struct epoll_event *event)
{
	REAL(epoll_ctl);
	return operation == EPOLL_CTL_ADD && fails(SOCKET) ? -1 : real(fd, operation, on, event);
}
FAILING(SOCKET, signalfd, (int fd, const sigset_t *mask, int flags), (fd, mask, flags))
FAILING(SOCKET, getsockopt, (int fd, int level, int name, void *value, socklen_t *size),
	(fd, level, name, value, size))
FAILING(SOCKET, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
	(fd, level, name, value, size))

SHORT(NETWORK, send, (int fd, const void *bytes, size_t size, int flags), (fd, bytes, size, flags))
SHORT(NETWORK, recv, (int fd, void *bytes, size_t size, int flags), (fd, bytes, size, flags))
SHORT(NETWORK, getrandom, (void *bytes, size_t size, unsigned flags), (bytes, size, flags))

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	REAL(sendmsg);
	return fails(NETWORK) ? -1 : real(fd, message, flags);
}
