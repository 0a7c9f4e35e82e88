/* The file layer of a process, counted, and made to fail: cc -shared -fPIC -o shim.so shim.c -ldl, then LD_PRELOAD. For tests only.
 *
 * SHIM_DIR=path      only operations on files below it count
 * SHIM_LOG=file      a line "number operation path" for each
 * SHIM_AT=n          at the n-th operation ...
 * SHIM_DO=how        ... an errno by its number, or kill-before, kill-after; full: from there on there is no space for anything
 * SHIM_ALWAYS=op:e   every operation of this name fails with errno e, wherever it is
 * SHIM_KILL=op:path  the process dies before an operation of this name on this path; of one that forks, its children
 * SHIM_FORK_LIST=f   lines "n how directory" in the order of n: before the n-th operation the process forks; a child copies SHIM_DIR into
 *                    that directory, goes on there, and fails as the line says; its stderr is in the file stderr beside it. The process
 *                    ends behind the last line. A status as waitpid gives it goes to SHIM_FORK_LIST.done for each. A child has the thread
 *                    that forked alone: a line says -1 where that is not the first and the child would go on, and one that waits for a
 *                    thread that it has not ends by SIGALRM.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FDS 4096
static char *paths[FDS];
/* Which opening a descriptor comes from: copies of one share their position. */
static long openings[FDS], last_opening;
static atomic_long count;
static const char *dir, *always, *how, *kill_at;
static size_t dir_length;
static long at;
static int log_fd = -1, statuses = -1, is_child;
/* What is left of SHIM_FORK_LIST, and the number of the operation that comes next in it. */
static char list[1 << 20];
static const char *rest = list;
static long fork_at = -1;

static void next_fork(void) {
    fork_at = -1;
    sscanf(rest, "%ld", &fork_at);
}

static void begin_forks(const char *name) {
    char done[PATH_MAX];
    snprintf(done, sizeof done, "%s.done", name);
    statuses = (int)syscall(SYS_openat, AT_FDCWD, done, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    /* Whole, at once: a child that ends would set back a position that it shares. */
    int file = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY);
    if (statuses < 0 || file < 0 || syscall(SYS_read, file, list, sizeof list - 1) <= 0) _exit(98);
    syscall(SYS_close, file);
    next_fork();
}

__attribute__((constructor)) static void start(void) {
    dir = getenv("SHIM_DIR");
    dir_length = dir ? strlen(dir) : 0;
    always = getenv("SHIM_ALWAYS");
    how = getenv("SHIM_DO");
    at = getenv("SHIM_AT") ? atol(getenv("SHIM_AT")) : -1;
    kill_at = getenv("SHIM_KILL");
    if (getenv("SHIM_FORK_LIST")) begin_forks(getenv("SHIM_FORK_LIST"));
    if (getenv("SHIM_LOG"))
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, getenv("SHIM_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static int is_first(void) { return syscall(SYS_gettid) == getpid(); }

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* What is open below SHIM_DIR is opened again in the copy, at its position. What was removed or renamed meanwhile stays as it is. */
static void open_again(void) {
    for (int fd = 0; fd < FDS; fd++) {
        if (!paths[fd]) continue;
        int first = 0;
        while (first < fd && !(paths[first] && openings[first] == openings[fd])) first++;
        if (first < fd) {
            syscall(SYS_dup3, first, fd, O_CLOEXEC);
            continue;
        }
        long flags = syscall(SYS_fcntl, fd, F_GETFL), position = syscall(SYS_lseek, fd, 0L, SEEK_CUR);
        int own = (int)syscall(SYS_openat, AT_FDCWD, paths[fd], flags | O_CLOEXEC);
        if (own < 0) continue;
        if (position > 0) syscall(SYS_lseek, own, position, SEEK_SET);
        syscall(SYS_dup3, own, fd, O_CLOEXEC);
        syscall(SYS_close, own);
    }
}

/* A run goes on in a copy of its directory. */
static void go_on_in(const char *into) {
    char command[2 * PATH_MAX + 32];
    unsetenv("LD_PRELOAD");
    snprintf(command, sizeof command, "cp -a '%s' '%s/'", dir, into);
    if (system(command) || chdir(into)) _exit(99);
    int file = (int)syscall(SYS_openat, AT_FDCWD, "stderr", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || dup2(file, 2) < 0) _exit(99);
    open_again();
}

/* Processor time that a process has had, in ticks; -1 while it does not wait (proc_pid_stat(5): fields 3, 14, 15). */
static long waiting_since(pid_t process) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    long size = file < 0 ? 0 : syscall(SYS_read, file, text, sizeof text - 1);
    if (file >= 0) syscall(SYS_close, file);
    text[size > 0 ? size : 0] = 0;
    char *name_end = strrchr(text, ')'), state;
    long user, system;
    int found = name_end ? sscanf(name_end + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &state, &user, &system) : 0;
    return found == 3 && state == 'S' ? user + system : -1;
}

/* Waits for a child; for one that does nothing for ten seconds, not longer. */
static int status_of(pid_t child) {
    int status = -1;
    long before = -1;
    time_t since = time(NULL);
    for (long waits = 1; waitpid(child, &status, WNOHANG) == 0; waits++) {
        usleep(waits < 100 ? 1000 : 20000);
        if (waits < 100 || waits % 10) continue;
        long now = waiting_since(child);
        if (now < 0 || now != before) since = time(NULL);
        before = now;
        if (time(NULL) - since > 10) kill(child, SIGALRM);
    }
    return status;
}

/* Forks for every line of operation n. Whoever returns goes on: the process, or a child. */
static void fork_for(long n) {
    static char way[32], into[PATH_MAX], line[32];
    while (fork_at == n) {
        int length = 0;
        if (sscanf(rest, "%*d %31s %4095s%n", way, into, &length) < 2) _exit(97);
        rest += length;
        next_fork();
        int status = -1;
        if (is_first() || !strncmp(way, "kill", 4)) {
            pid_t child = fork();
            if (!child) {
                at = n;
                how = way;
                fork_at = -1;
                is_child = 1;
                return go_on_in(into);
            }
            status = status_of(child);
        }
        int size = snprintf(line, sizeof line, "%d\n", status);
        syscall(SYS_write, statuses, line, (size_t)size);
    }
    if (fork_at < 0) _exit(0);
}

/* Whether another thread than the first touches the lease: it does so by the clock. */
static int is_touch(const char *path) {
    size_t length = strlen(path);
    return length > 11 && !strcmp(path + length - 11, "/lease.json") && !is_first();
}

/* 0: go on; 1: go on, then die; -1: errno is set. */
static int step(const char *op, const char *path) {
    size_t length = strlen(op);
    if (always && !strncmp(always, op, length) && always[length] == ':') {
        errno = atoi(always + length + 1);
        return -1;
    }
    if (!dir || !path || strncmp(path, dir, dir_length) || (path[dir_length] && path[dir_length] != '/')) return 0;
    if (is_touch(path)) return 0;
    long n = atomic_fetch_add(&count, 1) + 1;
    if (log_fd >= 0) {
        char line[PATH_MAX + 64];
        int size = snprintf(line, sizeof line, "%ld %s %s\n", n, op, path);
        if (size > 0) syscall(SYS_write, log_fd, line, (size_t)size);
    }
    size_t op_length = kill_at && (statuses < 0 || is_child) ? strcspn(kill_at, ":") : 0;
    if (op_length && length == op_length && !strncmp(kill_at, op, length) && !strcmp(kill_at + length + 1, path)) die();
    if (n == fork_at) fork_for(n);
    if (how && !strcmp(how, "full")) {
        static const char *const need_space[] = {"create", "write", "copy", "mkdir", "symlink"};
        for (size_t i = 0; n >= at && i < sizeof need_space / sizeof *need_space; i++)
            if (!strcmp(op, need_space[i])) {
                errno = ENOSPC;
                return -1;
            }
        return 0;
    }
    if (n != at || !how) return 0;
    if (!strcmp(how, "kill-before")) die();
    if (!strcmp(how, "kill-after")) return 1;
    errno = atoi(how);
    return -1;
}

static const char *path_of(int fd) { return fd >= 0 && fd < FDS ? paths[fd] : NULL; }

/* The path of something that is named below an open directory. */
static const char *below(int at_fd, const char *name, char *into) {
    if (name[0] == '/' || at_fd == AT_FDCWD) return name;
    const char *parent = path_of(at_fd);
    if (!parent) return name;
    snprintf(into, PATH_MAX, "%s/%s", parent, name);
    return into;
}

static int opened(int fd, const char *path) {
    if (fd >= 0 && fd < FDS) {
        free(paths[fd]);
        paths[fd] = dir && !strncmp(path, dir, dir_length) ? strdup(path) : NULL;
        openings[fd] = ++last_opening;
    }
    return fd;
}

#define ON(op, path, failed, type, call)          \
    do {                                          \
        int after = step(op, path);               \
        if (after < 0) return failed;             \
        type result = call;                       \
        if (after) die();                         \
        return result;                            \
    } while (0)

static int open_at(int at_fd, const char *name, int flags, mode_t mode) {
    char full[PATH_MAX];
    const char *path = below(at_fd, name, full);
    int after = step(flags & O_CREAT ? "create" : "open", path);
    if (after < 0) return -1;
    static int (*real)(int, const char *, int, ...);
    if (!real) real = next("openat64");
    int fd = opened(real(at_fd, name, flags, mode), path);
    if (after) die();
    return fd;
}

static mode_t mode_of(int flags, va_list list) { return flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0; }

#define OPEN(name)                                         \
    int name(const char *path, int flags, ...) {           \
        va_list list;                                      \
        va_start(list, flags);                             \
        mode_t mode = mode_of(flags, list);                \
        va_end(list);                                      \
        return open_at(AT_FDCWD, path, flags, mode);       \
    }
#define OPEN_AT(name)                                      \
    int name(int fd, const char *path, int flags, ...) {   \
        va_list list;                                      \
        va_start(list, flags);                             \
        mode_t mode = mode_of(flags, list);                \
        va_end(list);                                      \
        return open_at(fd, path, flags, mode);             \
    }
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

/* A second handle of a file is that file. */
#define FCNTL(name)                                                                                          \
    int name(int fd, int command, ...) {                                                                     \
        va_list list;                                                                                        \
        va_start(list, command);                                                                             \
        void *argument = va_arg(list, void *);                                                               \
        va_end(list);                                                                                        \
        static int (*real)(int, int, ...);                                                                   \
        if (!real) real = next(#name);                                                                       \
        int result = real(fd, command, argument);                                                            \
        const char *path = path_of(fd);                                                                      \
        if (!path || (command != F_DUPFD && command != F_DUPFD_CLOEXEC)) return result;                      \
        opened(result, path);                                                                                \
        if (result >= 0 && result < FDS) openings[result] = openings[fd];                                    \
        return result;                                                                                       \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

int close(int fd) {
    if (fd >= 0 && fd < FDS && paths[fd]) {
        free(paths[fd]);
        paths[fd] = NULL;
    }
    return (int)syscall(SYS_close, fd);
}

ssize_t read(int fd, void *to, size_t n) { ON("read", path_of(fd), -1, ssize_t, syscall(SYS_read, fd, to, n)); }
ssize_t pread64(int fd, void *to, size_t n, off64_t o) { ON("read", path_of(fd), -1, ssize_t, syscall(SYS_pread64, fd, to, n, o)); }
ssize_t write(int fd, const void *from, size_t n) { ON("write", path_of(fd), -1, ssize_t, syscall(SYS_write, fd, from, n)); }
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t o) { ON("write", path_of(fd), -1, ssize_t, syscall(SYS_pwrite64, fd, from, n, o)); }
ssize_t writev(int fd, const struct iovec *v, int n) { ON("write", path_of(fd), -1, ssize_t, syscall(SYS_writev, fd, v, n)); }
int fsync(int fd) { ON("sync", path_of(fd), -1, int, (int)syscall(SYS_fsync, fd)); }
int fdatasync(int fd) { ON("sync", path_of(fd), -1, int, (int)syscall(SYS_fdatasync, fd)); }
int ftruncate(int fd, off_t n) { ON("truncate", path_of(fd), -1, int, (int)syscall(SYS_ftruncate, fd, n)); }
int ftruncate64(int fd, off64_t n) { ON("truncate", path_of(fd), -1, int, (int)syscall(SYS_ftruncate, fd, n)); }
ssize_t copy_file_range(int in, off64_t *oi, int out, off64_t *oo, size_t n, unsigned flags) {
    ON("copy", path_of(out), -1, ssize_t, syscall(SYS_copy_file_range, in, oi, out, oo, n, flags));
}
int flock(int fd, int op) { ON("flock", path_of(fd), -1, int, (int)syscall(SYS_flock, fd, op)); }
int mkdir(const char *path, mode_t mode) { ON("mkdir", path, -1, int, (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode)); }
int rmdir(const char *path) { ON("remove", path, -1, int, (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR)); }
int unlink(const char *path) { ON("remove", path, -1, int, (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0)); }
int unlinkat(int fd, const char *name, int flags) {
    char full[PATH_MAX];
    ON("remove", below(fd, name, full), -1, int, (int)syscall(SYS_unlinkat, fd, name, flags));
}
int rename(const char *from, const char *to) { ON("rename", to, -1, int, (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to)); }
int symlink(const char *target, const char *path) { ON("symlink", path, -1, int, (int)syscall(SYS_symlinkat, target, AT_FDCWD, path)); }
ssize_t readlink(const char *path, char *to, size_t n) { ON("readlink", path, -1, ssize_t, syscall(SYS_readlinkat, AT_FDCWD, path, to, n)); }
DIR *opendir(const char *path) {
    static DIR *(*real)(const char *);
    if (!real) real = next("opendir");
    ON("list", path, NULL, DIR *, real(path));
}
