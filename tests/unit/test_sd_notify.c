/* test_sd_notify.c - what a service manager receives on path and abstract sockets */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sd_notify.h"

/* a bound datagram socket; name as $NOTIFY_SOCKET has it */
static int manager_listen(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	socklen_t address_len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, address_len), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void expect_message(int fd, const char *expected)
{
	char bytes[1024];
	ssize_t len = recv(fd, bytes, sizeof(bytes) - 1, MSG_DONTWAIT);
	assert_true(len >= 0);
	bytes[len] = '\0';
	assert_string_equal(bytes, expected);
}

static void expect_silence(int fd)
{
	char byte;
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
}

static void speak_on(const char *name)
{
	struct error error;
	struct sd_notify notify;
	int fd = manager_listen(name);
	assert_int_equal(sd_notify_init(&notify, &error), 0);
	assert_null(getenv("NOTIFY_SOCKET"));

	sd_notify_ready(&notify);
	expect_message(fd, "READY=1");
	sd_notify_status(&notify, "%d sources,\nall well", 3);
	expect_message(fd, "STATUS=3 sources, all well");
	sd_notify_watchdog(&notify);
	expect_message(fd, "WATCHDOG=1");
	sd_notify_extend_timeout(&notify, 5000000);
	expect_message(fd, "EXTEND_TIMEOUT_USEC=5000000");
	sd_notify_stopping(&notify);
	expect_message(fd, "STOPPING=1");

	sd_notify_deinit(&notify);
	sd_notify_ready(&notify);
	expect_silence(fd);
	close(fd);
}

static void test_path_socket(void **state)
{
	(void)state;
	char directory[] = "/tmp/siftd-notify-XXXXXX";
	assert_non_null(mkdtemp(directory));
	char path[64];
	(void)snprintf(path, sizeof(path), "%s/notify", directory);
	speak_on(path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void test_abstract_socket(void **state)
{
	(void)state;
	char name[64];
	(void)snprintf(name, sizeof(name), "@siftd-notify-%d", (int)getpid());
	speak_on(name);
}

static void test_status_is_cut(void **state)
{
	(void)state;
	struct error error;
	struct sd_notify notify;
	char name[64];
	(void)snprintf(name, sizeof(name), "@siftd-notify-cut-%d", (int)getpid());
	int fd = manager_listen(name);
	assert_int_equal(sd_notify_init(&notify, &error), 0);
	char text[2000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	sd_notify_status(&notify, "%s", text);
	char bytes[2048];
	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT), 511);
	assert_memory_equal(bytes, "STATUS=xxx", 10);
	sd_notify_deinit(&notify);
	close(fd);
}

static void test_full_queue_does_not_block(void **state)
{
	(void)state;
	struct error error;
	struct sd_notify notify;
	char name[64];
	(void)snprintf(name, sizeof(name), "@siftd-notify-full-%d", (int)getpid());
	int fd = manager_listen(name);
	assert_int_equal(sd_notify_init(&notify, &error), 0);
	for (int i = 0; i < 10000; i++)
		sd_notify_watchdog(&notify);
	expect_message(fd, "WATCHDOG=1");
	sd_notify_deinit(&notify);
	close(fd);
}

static void test_no_manager(void **state)
{
	(void)state;
	struct error error;
	struct sd_notify notify;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(sd_notify_init(&notify, &error), 0);
	assert_int_equal(notify.fd, -1);
	sd_notify_ready(&notify);
	sd_notify_deinit(&notify);
}

static void test_bad_sockets(void **state)
{
	(void)state;
	static const char *const names[] = { "relative", "@", "/",
					     "/nonexistent/siftd/notify" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct error error = { .text = "" };
		struct sd_notify notify;
		assert_int_equal(setenv("NOTIFY_SOCKET", names[i], 1), 0);
		assert_int_equal(sd_notify_init(&notify, &error), -1);
		assert_non_null(strstr(error.text, "NOTIFY_SOCKET"));
		assert_int_equal(notify.fd, -1);
	}
	char name[200];
	memset(name, 'x', sizeof(name) - 1);
	name[0] = '@';
	name[sizeof(name) - 1] = '\0';
	struct error error;
	struct sd_notify notify;
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	assert_int_equal(sd_notify_init(&notify, &error), -1);
	assert_non_null(strstr(error.text, "longer than"));
}

static void test_watchdog_variables(void **state)
{
	(void)state;
	char own[32];
	(void)snprintf(own, sizeof(own), "%d", (int)getpid());
	const struct {
		const char *usec;
		const char *pid;
		int64_t expected;
	} cases[] = {
		{ "30000000", NULL, 30000000 },
		{ "30000000", own, 30000000 },
		{ "30000000", "1", 0 },
		{ "-5", NULL, 0 },
		{ "30s", NULL, 0 },
		{ NULL, NULL, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error;
		struct sd_notify notify;
		unsetenv("NOTIFY_SOCKET");
		if (cases[i].usec != NULL)
			setenv("WATCHDOG_USEC", cases[i].usec, 1);
		if (cases[i].pid != NULL)
			setenv("WATCHDOG_PID", cases[i].pid, 1);
		assert_int_equal(sd_notify_init(&notify, &error), 0);
		assert_int_equal(notify.watchdog_us, cases[i].expected);
		assert_null(getenv("WATCHDOG_USEC"));
		assert_null(getenv("WATCHDOG_PID"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_socket),
		cmocka_unit_test(test_abstract_socket),
		cmocka_unit_test(test_status_is_cut),
		cmocka_unit_test(test_full_queue_does_not_block),
		cmocka_unit_test(test_no_manager),
		cmocka_unit_test(test_bad_sockets),
		cmocka_unit_test(test_watchdog_variables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
