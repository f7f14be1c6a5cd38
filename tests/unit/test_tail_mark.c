/* test_tail_mark.c - marks by name and inode, held against a search from end to end */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/mem.h"
#include "sources/tail_mark.h"

#define STEPS 20000
#define INODES 97
#define STAMPS 5

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return *state >> 33;
}

/* a file of which nothing was read; only what marks look at */
static void make_file(struct tail_file *file, char *path, uint64_t inode,
		      uint64_t stamp)
{
	*file = (struct tail_file){ .path = path, .fd = -1 };
	file->id.device = 8;
	file->id.inode = inode;
	(void)snprintf(file->name, sizeof(file->name), "8:%llu:%llu",
		       (unsigned long long)inode, (unsigned long long)stamp);
}

/* every mark is found by its name, and none is lost from the list of its inode */
static void check_all(const struct tail_marks *marks)
{
	size_t newest[INODES] = { 0 };

	for (size_t i = 0; i < marks->count; i++) {
		const struct tail_mark *mark = &marks->items[i];
		size_t place = (size_t)mark->id.inode;

		assert_ptr_equal(tail_marks_named(marks, mark->name), mark);
		if (newest[place] == 0 ||
		    strcmp(mark->name, marks->items[newest[place] - 1].name) > 0)
			newest[place] = i + 1;
	}
	for (uint64_t inode = 0; inode < INODES; inode++) {
		char path[] = "/log";
		struct tail_file file;
		const struct tail_mark *found = NULL;

		make_file(&file, path, inode, 0);
		found = tail_marks_find(marks, &file);
		if (newest[inode] == 0)
			assert_null(found);
		else
			assert_ptr_equal(found, &marks->items[newest[inode] - 1]);
	}
}

static void test_model(void **state)
{
	struct tail_marks from = { 0 };
	struct tail_marks to = { 0 };
	uint64_t random = 7;
	char path[] = "/log";

	(void)state;
	for (size_t step = 0; step < STEPS; step++) {
		struct tail_file file;

		make_file(&file, path, next_random(&random) % INODES,
			  next_random(&random) % STAMPS);
		tail_marks_add(&from, &file, false);
		if (next_random(&random) % 3 == 0)
			tail_marks_move(&from, next_random(&random) % from.count, &to);
		if (step % 500 == 0) {
			check_all(&from);
			check_all(&to);
		}
	}
	assert_true(from.count > INODES && from.count <= (size_t)INODES * STAMPS);
	tail_marks_deinit(&from);
	tail_marks_deinit(&to);
}

/* the oldest go, in bulk; what was added again is young */
static void test_full(void **state)
{
	struct tail_marks marks = { 0 };
	char path[] = "/log";
	struct tail_file file;

	(void)state;
	for (uint64_t i = 0; i < TAIL_MARKS_MAX; i++) {
		make_file(&file, path, i, 1);
		tail_marks_add(&marks, &file, false);
	}
	make_file(&file, path, 0, 1);
	tail_marks_add(&marks, &file, false);
	assert_int_equal(marks.count, TAIL_MARKS_MAX);
	make_file(&file, path, TAIL_MARKS_MAX, 1);
	tail_marks_add(&marks, &file, false);
	assert_int_equal(marks.count,
			 TAIL_MARKS_MAX - TAIL_MARKS_MAX / TAIL_MARKS_FORGET + 1);
	assert_non_null(tail_marks_named(&marks, "8:0:1"));
	assert_null(tail_marks_named(&marks, "8:1:1"));
	assert_non_null(tail_marks_named(&marks, file.name));
	tail_marks_deinit(&marks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
