/* pg_process.c - fork, drop rights, exec; and /proc */
#include "daemon/pg_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/slice.h"

/* exit codes of a child that could not exec */
enum { EXIT_NO_RIGHTS = 121, EXIT_NO_FOLDER, EXIT_NO_LOG, EXIT_NO_EXEC };

#define LOG_TAIL_BYTES 4096

static bool look_up_user(const char *user, struct pg_identity *out)
{
	struct passwd space;
	struct passwd *found = NULL;
	char buffer[4096];

	if (getpwnam_r(user, &space, buffer, sizeof(buffer), &found) != 0 ||
	    found == NULL)
		return false;
	out->drop = true;
	out->uid = found->pw_uid;
	out->gid = found->pw_gid;
	(void)snprintf(out->name, sizeof(out->name), "%s", user); /* for messages */
	return true;
}

int pg_identity_choose(const char *user, struct pg_identity *out, struct error *error)
{
	*out = (struct pg_identity){ 0 };
	if (geteuid() != 0)
		return 0;
	if (user != NULL) {
		if (look_up_user(user, out) && out->uid != 0)
			return 0;
		return error_set(
			error,
			"embedded_pg: user %s: %s; PostgreSQL does not run as root",
			user, out->drop ? "is root" : "is not known");
	}
	if (look_up_user("postgres", out) || look_up_user("nobody", out))
		return 0;
	return error_set(error,
			 "embedded_pg: neither user postgres nor nobody is known, "
			 "and PostgreSQL does not run as root");
}

/* in the child: only async-signal-safe calls, as other threads may hold locks */
static NO_RETURN void become(const struct pg_command *command)
{
	const struct pg_identity *identity = command->identity;
	char *const *argv = NULL;
	int fd = -1;

	(void)setsid(); /* a fresh child is no group leader */
	if (identity->drop && (setgroups(0, NULL) != 0 || setgid(identity->gid) != 0 ||
			       setuid(identity->uid) != 0))
		_exit(EXIT_NO_RIGHTS);
	if (chdir(command->folder) != 0)
		_exit(EXIT_NO_FOLDER);
	(void)umask(077);
	fd = open(command->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_NO_LOG);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		_exit(EXIT_NO_LOG);
	memcpy(&argv, &command->argv, sizeof(argv)); /* exec's type lacks the const */
	(void)execv(argv[0], argv);                  /* returns only when it failed */
	_exit(EXIT_NO_EXEC);
}

/* signals that siftd blocked or handles are given back to the child */
static void default_signals(void)
{
	sigset_t none;

	(void)sigemptyset(&none);                        /* cannot fail */
	(void)pthread_sigmask(SIG_SETMASK, &none, NULL); /* valid arguments */
	(void)signal(SIGPIPE, SIG_DFL);                  /* valid arguments */
	(void)signal(SIGXFSZ, SIG_DFL);
}

pid_t pg_process_spawn(const struct pg_command *command, struct error *error)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_set_errno(error, "embedded_pg: fork");
	if (pid == 0) {
		default_signals();
		become(command);
	}
	return pid;
}

/* the last line of the log that tells of an error, else its last line: it names the
 * reason, such as a full disk */
static void last_words(const char *path, char *out, size_t size)
{
	char text[LOG_TAIL_BYTES + 1];
	char *rest = NULL;
	ssize_t len = -1;
	off_t end = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	out[0] = '\0';
	if (fd < 0)
		return;
	end = lseek(fd, 0, SEEK_END);
	if (end >= 0)
		len = pread(fd, text, LOG_TAIL_BYTES,
			    end > LOG_TAIL_BYTES ? end - LOG_TAIL_BYTES : 0);
	(void)close(fd); /* was only read */
	if (len < 0)
		return;
	text[len] = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		bool tells = strstr(line, "error:") != NULL ||
			     strstr(line, "FATAL:") != NULL ||
			     strstr(line, "PANIC:") != NULL;

		if (tells ||
		    (strstr(out, "error:") == NULL && strstr(out, "FATAL:") == NULL &&
		     strstr(out, "PANIC:") == NULL))
			(void)snprintf(out, size, "%s", line); /* cut is well */
	}
}

static int explain_exit(const struct pg_command *command, int status,
			struct error *error)
{
	const char *name = command->identity->drop ? command->identity->name : "siftd";
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	char words[200];

	if (code == EXIT_NO_RIGHTS)
		return error_set(error, "embedded_pg: cannot become user %s", name);
	if (code == EXIT_NO_FOLDER)
		return error_set(
			error,
			"embedded_pg: user %s cannot enter %s: every folder above "
			"it must let that user pass",
			name, command->folder);
	if (code == EXIT_NO_LOG)
		return error_set(error, "embedded_pg: user %s cannot write %s", name,
				 command->log_path);
	if (code == EXIT_NO_EXEC)
		return error_set(error, "embedded_pg: cannot run %s", command->argv[0]);
	last_words(command->log_path, words, sizeof(words));
	return error_set(error, "embedded_pg: %s failed (%s %d): %s; see %s",
			 command->argv[0], WIFSIGNALED(status) ? "signal" : "exit code",
			 WIFSIGNALED(status) ? WTERMSIG(status) : code, words,
			 command->log_path);
}

int pg_process_run(const struct pg_command *command, struct error *error)
{
	int status = 0;
	pid_t pid = pg_process_spawn(command, error);

	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(error, "embedded_pg: waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return explain_exit(command, status, error);
}

int pg_process_check(const struct pg_command *command, pid_t pid, struct error *error)
{
	int status = 0;

	if (waitpid(pid, &status, WNOHANG) == pid)
		return explain_exit(command, status, error);
	/* an adopted one is nobody's child */
	if (kill(pid, 0) == 0 || errno == EPERM)
		return 0;
	return error_set(error, "embedded_pg: %s ended: see %s", command->argv[0],
			 command->log_path);
}

bool pg_process_works_in(pid_t pid, const char *folder)
{
	char link[64];
	char target[PATH_MAX];
	ssize_t len = 0;

	(void)snprintf(link, sizeof(link), "/proc/%ld/cwd", (long)pid); /* fits */
	len = readlink(link, target, sizeof(target));
	return len > 0 && slice_equal(slice_of(target, (size_t)len), slice_str(folder));
}

pid_t pg_process_in_folder(const char *folder)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry = NULL;
	pid_t found = 0;

	if (proc == NULL)
		return 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	while (found == 0 && (entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != getpid() && pg_process_works_in(pid, folder))
			found = pid;
	}
	(void)closedir(proc); /* read only */
	return found;
}
