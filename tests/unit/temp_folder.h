/* temp_folder.h - a folder of a test's own, removed with all that is in it
 *
 * Threads: one test at a time.
 */
#ifndef SIFTD_TESTS_UNIT_TEMP_FOLDER_H
#define SIFTD_TESTS_UNIT_TEMP_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEMP_FOLDER_MAX 64

static int temp_folder_remove_one(const char *path, const struct stat *st, int kind,
				  struct FTW *place)
{
	(void)st;
	(void)kind;
	(void)place;
	return remove(path);
}

/* -1 when it cannot be made */
static inline int temp_folder_make(char out[TEMP_FOLDER_MAX])
{
	(void)snprintf(out, TEMP_FOLDER_MAX, "/tmp/siftd_test_XXXXXX"); /* fits */
	return mkdtemp(out) == NULL ? -1 : 0;
}

/* -1 when something is left */
static inline int temp_folder_remove(const char *folder)
{
	/* a test removes its folder when its threads have ended */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	return nftw(folder, temp_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
