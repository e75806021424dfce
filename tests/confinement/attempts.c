/* SPDX-License-Identifier: MIT */

/*
 * Preloaded (ld.so(8)) into misskey-authd: when it waits for the first time, and so is confined, it
 * is made to try what is forbidden. ATTEMPTS has the list, NAME or NAME=ARGUMENT, separated by
 * blanks. A line on standard error for each says "attempt NAME: allowed", or the name of the error.
 *
 * With ONLY_CONFINED it is tried by a process with a filter alone. LANDLOCK_ABI makes the kernel's
 * interface older than it is; with 0 a seccomp filter answers ENOSYS, as a kernel without Landlock
 * does. NO_SECCOMP does the same to seccomp.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

/* Later than the headers of old systems. */
#define CALL_FCHMODAT2 452
#define CALL_SETXATTRAT 463
#define X32_GETPID (0x40000000 + 39)

/* Each returns -1 with errno if it was refused. */
typedef long attempt(const char *argument);

static long use(int fd)
{
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* ---- Files ---- */

static long try_read(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY);

	return fd < 0 || read(fd, &byte, 1) < 0 ? -1 : use(fd);
}

static long try_list(const char *path)
{
	return use(open(path, O_RDONLY | O_DIRECTORY));
}

/* Makes a file in the directory PATH. */
static long try_make(const char *path)
{
	char file[4096];
	int fd;

	snprintf(file, sizeof(file), "%s/attempt-%d", path, (int)getpid());
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	if (fd >= 0)
		unlink(file);
	return use(fd);
}

static long try_write(const char *path)
{
	return use(open(path, O_WRONLY));
}

static long try_remove(const char *path)
{
	return unlink(path);
}

static long try_truncate(const char *path)
{
	return truncate(path, 0);
}

static long try_open_and_truncate(const char *path)
{
	return use(open(path, O_RDONLY | O_TRUNC));
}

static long try_chmod(const char *path)
{
	return chmod(path, 0777);
}

static long try_fchmodat2(const char *path)
{
	return syscall(CALL_FCHMODAT2, AT_FDCWD, path, 0777, 0);
}

static long try_chown(const char *path)
{
	return chown(path, getuid(), getgid());
}

static long try_utime(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, 0);
}

static long try_setxattr(const char *path)
{
	return setxattr(path, "user.attempt", "x", 1, 0);
}

static long try_setxattrat(const char *path)
{
	struct {
		uint64_t value;
		uint32_t size;
		uint32_t flags;
	} arguments = {(uint64_t)(uintptr_t) "x", 1, 0};

	return syscall(CALL_SETXATTRAT, AT_FDCWD, path, 0, "user.attempt", &arguments,
		       sizeof(arguments));
}

/* ---- Programs ---- */

static long try_fork(const char *argument)
{
	pid_t pid = fork();

	(void)argument;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

/* If there can be no other process it is this one that would be replaced. */
static long try_exec(const char *path)
{
	char *const words[] = {"attempt", NULL};
	pid_t pid = fork();
	int status;

	if (pid <= 0) {
		execve(path, words, NULL);
		if (pid == 0)
			_exit(errno);
		return -1;
	}
	waitpid(pid, &status, 0);
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

static long try_exec_memory(const char *path)
{
	char *const words[] = {"attempt", NULL};
	char bytes[65536];
	int from = open(path, O_RDONLY);
	int fd = memfd_create("attempt", 0);
	ssize_t size;
	pid_t pid;
	int status;

	if (from < 0 || fd < 0)
		return -1;
	while ((size = read(from, bytes, sizeof(bytes))) > 0)
		if (write(fd, bytes, (size_t)size) < 0)
			return -1;
	close(from);
	pid = fork();
	if (pid <= 0) {
		syscall(SYS_execveat, fd, "", words, NULL, AT_EMPTY_PATH);
		if (pid == 0)
			_exit(errno);
		return -1;
	}
	waitpid(pid, &status, 0);
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

static long try_writable_code(const char *argument)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argument;
	return memory == MAP_FAILED ? -1 : munmap(memory, 4096);
}

static long try_make_code(const char *argument)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argument;
	return memory == MAP_FAILED ? -1 : mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

/* What is written by another mapping of it could be run. */
static long try_shared_code(const char *argument)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)argument;
	return memory == MAP_FAILED ? -1 : munmap(memory, 4096);
}

/* ---- Other processes; the argument is one's number ---- */

static long try_environ(const char *pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	return try_read(path);
}

static long try_proc_memory(const char *pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	return use(open(path, O_RDONLY));
}

static long try_memory(const char *pid)
{
	char byte;
	struct iovec to = {&byte, 1};
	struct iovec from = {(void *)environ, 1};
	long size = process_vm_readv(atoi(pid), &to, 1, &from, 1, 0);

	/* Whether the address is one there is another question. */
	return size < 0 && errno == EFAULT ? 0 : size;
}

static long try_trace(const char *pid)
{
	if (ptrace(PTRACE_SEIZE, atoi(pid), NULL, NULL) < 0)
		return -1;
	ptrace(PTRACE_INTERRUPT, atoi(pid), NULL, NULL);
	waitpid(atoi(pid), NULL, __WALL);
	return ptrace(PTRACE_DETACH, atoi(pid), NULL, NULL);
}

static long try_signal(const char *pid)
{
	return kill(atoi(pid), SIGCONT);
}

static long try_queued_signal(const char *pid)
{
	return sigqueue(atoi(pid), SIGCONT, (union sigval){0});
}

static long try_pidfd_signal(const char *pid)
{
	int fd = (int)syscall(SYS_pidfd_open, atoi(pid), 0);

	return fd < 0 ? -1 : syscall(SYS_pidfd_send_signal, fd, SIGCONT, NULL, 0);
}

static long try_take_descriptor(const char *pid)
{
	int fd = (int)syscall(SYS_pidfd_open, atoi(pid), 0);

	return fd < 0 ? -1 : syscall(SYS_pidfd_getfd, fd, 0, 0);
}

static long try_limit(const char *pid)
{
	struct rlimit limit;

	if (prlimit(atoi(pid), RLIMIT_NOFILE, NULL, &limit) < 0)
		return -1;
	return prlimit(atoi(pid), RLIMIT_NOFILE, &limit, NULL);
}

static long try_priority(const char *pid)
{
	return setpriority(PRIO_PROCESS, (id_t)atoi(pid), 19);
}

static long try_shared_memory(const char *argument)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);

	(void)argument;
	return id < 0 ? -1 : shmctl(id, IPC_RMID, NULL);
}

/* ---- Sockets ---- */

static long connect_unix(int type, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	int fd = socket(AF_UNIX, type, 0);

	if (fd < 0)
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	/* What is written @NAME is an abstract one. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	return connect(fd, (struct sockaddr *)&address, size) < 0 ? -1 : use(fd);
}

static long try_stream(const char *path)
{
	return connect_unix(SOCK_STREAM, path);
}

/* The kernel reads an int, so a filter that compares all of the register would miss it. */
static long try_odd_stream(const char *argument)
{
	(void)argument;
	return use((int)syscall(SYS_socket, 0x100000000L | AF_UNIX, 0x100000000L | SOCK_STREAM, 0));
}

static long try_packets(const char *argument)
{
	(void)argument;
	return use(socket(AF_UNIX, SOCK_SEQPACKET, 0));
}

static long try_datagram(const char *path)
{
	return connect_unix(SOCK_DGRAM, path);
}

static long try_raw(const char *argument)
{
	(void)argument;
	return use(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static long try_netlink(const char *argument)
{
	(void)argument;
	return use(socket(AF_NETLINK, SOCK_DGRAM, 0));
}

static long try_packet(const char *argument)
{
	(void)argument;
	return use(socket(AF_PACKET, SOCK_RAW, 0));
}

static long try_bind(const char *argument)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)argument;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return use(fd);
}

static long try_listen(const char *argument)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)argument;
	return fd < 0 || listen(fd, 1) < 0 ? -1 : use(fd);
}

/* ---- The kernel ---- */

static long try_mount(const char *argument)
{
	(void)argument;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
			       mount("none", "/tmp", "tmpfs", 0, NULL) < 0
		       ? -1
		       : 0;
}

static long try_namespace(const char *argument)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	(void)argument;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

static long try_keys(const char *argument)
{
	(void)argument;
	return syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* the session's */, 0);
}

static long try_bpf(const char *argument)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)argument;
	return use((int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

static long try_perf(const char *argument)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
					     .size = sizeof(attributes),
					     .config = PERF_COUNT_SW_DUMMY,
					     .exclude_kernel = 1};

	(void)argument;
	return use((int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static long try_io_uring(const char *argument)
{
	char parameters[120] = {0}; /* struct io_uring_params */

	(void)argument;
	return use((int)syscall(SYS_io_uring_setup, 1, parameters));
}

static long try_userfaultfd(const char *argument)
{
	(void)argument;
	return use((int)syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */));
}

static long try_personality(const char *argument)
{
	(void)argument;
	return syscall(SYS_personality, 0x0040000 /* ADDR_NO_RANDOMIZE */);
}

/* Types into a terminal. Standard input is not one; ENOTTY: the filter let the call pass. */
static long try_type(const char *argument)
{
	(void)argument;
	return ioctl(0, TIOCSTI, "x") < 0 && errno != ENOTTY ? -1 : 0;
}

/* A call of the kernel's other architecture. */
static long try_x32(const char *argument)
{
	(void)argument;
	return syscall(X32_GETPID);
}

static const struct {
	const char *name;
	attempt *function;
} attempts[] = {
	{"read", try_read},
	{"list", try_list},
	{"make", try_make},
	{"write", try_write},
	{"remove", try_remove},
	{"truncate", try_truncate},
	{"open_and_truncate", try_open_and_truncate},
	{"chmod", try_chmod},
	{"fchmodat2", try_fchmodat2},
	{"chown", try_chown},
	{"utime", try_utime},
	{"setxattr", try_setxattr},
	{"setxattrat", try_setxattrat},
	{"fork", try_fork},
	{"exec", try_exec},
	{"exec_memory", try_exec_memory},
	{"writable_code", try_writable_code},
	{"make_code", try_make_code},
	{"shared_code", try_shared_code},
	{"environ", try_environ},
	{"proc_memory", try_proc_memory},
	{"memory", try_memory},
	{"trace", try_trace},
	{"signal", try_signal},
	{"queued_signal", try_queued_signal},
	{"pidfd_signal", try_pidfd_signal},
	{"take_descriptor", try_take_descriptor},
	{"limit", try_limit},
	{"priority", try_priority},
	{"shared_memory", try_shared_memory},
	{"stream", try_stream},
	{"odd_stream", try_odd_stream},
	{"packets", try_packets},
	{"datagram", try_datagram},
	{"raw", try_raw},
	{"netlink", try_netlink},
	{"packet", try_packet},
	{"bind", try_bind},
	{"listen", try_listen},
	{"mount", try_mount},
	{"namespace", try_namespace},
	{"keys", try_keys},
	{"bpf", try_bpf},
	{"perf", try_perf},
	{"io_uring", try_io_uring},
	{"userfaultfd", try_userfaultfd},
	{"personality", try_personality},
	{"type", try_type},
	{"x32", try_x32},
};

static void try_one(const char *name, const char *argument)
{
	for (size_t n = 0; n < sizeof(attempts) / sizeof(attempts[0]); n++) {
		if (strcmp(attempts[n].name, name) != 0)
			continue;
		errno = 0;
		fprintf(stderr, "attempt %s=%s: %s\n", name, argument,
			attempts[n].function(argument) < 0 ? strerrorname_np(errno) : "allowed");
		return;
	}
	fprintf(stderr, "attempt %s=%s: unknown\n", name, argument);
}

static void try_all(void)
{
	const char *list = getenv("ATTEMPTS");
	char *copy = list ? strdup(list) : NULL;
	char *rest = copy;
	char *word;

	while ((word = strsep(&rest, " "))) {
		char *argument = strchr(word, '=');

		if (argument)
			*argument++ = '\0';
		if (*word)
			try_one(word, argument ? argument : "");
	}
	if (list)
		fprintf(stderr, "attempts: done\n");
	free(copy);
}

/* What the daemon waits by. */
int curl_multi_poll(void *multi, void *extra, unsigned count, int ms, int *ret_count)
{
	static bool has_tried;
	int (*real)(void *, void *, unsigned, int, int *) =
		(int (*)(void *, void *, unsigned, int, int *))dlsym(RTLD_NEXT, "curl_multi_poll");

	if (!has_tried && (!getenv("ONLY_CONFINED") || prctl(PR_GET_SECCOMP) == 2)) {
		has_tried = true;
		try_all();
	}
	return real(multi, extra, count, ms, ret_count);
}

/* ---- Older kernels ---- */

/* Calls from FIRST to LAST; if ARGUMENT is not 0, only those with that first argument. */
static void refuse_calls(unsigned first, unsigned last, unsigned argument)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 5),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 4, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, argument, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JA, argument ? 1 : 0, 0, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		abort();
}

__attribute__((constructor)) static void make_older(void)
{
	const char *abi = getenv("LANDLOCK_ABI");

	if (abi && strcmp(abi, "0") == 0)
		refuse_calls(SYS_landlock_create_ruleset, SYS_landlock_restrict_self, 0);
	if (getenv("NO_SECCOMP")) {
		refuse_calls(SYS_seccomp, SYS_seccomp, 0);
		refuse_calls(SYS_prctl, SYS_prctl, PR_SET_SECCOMP);
	}
}

/* The daemon asks for the version by this. */
long syscall(long number, ...)
{
	static long (*real)(long, ...);
	const char *abi = getenv("LANDLOCK_ABI");
	long words[6];
	va_list arguments;

	if (!real)
		real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	va_start(arguments, number);
	for (size_t n = 0; n < 6; n++)
		words[n] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_landlock_create_ruleset && words[2] == 1 && abi && strcmp(abi, "0") != 0)
		return strtol(abi, NULL, 10);
	return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
