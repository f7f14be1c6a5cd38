/* doctor.c - collecting and printing */
#include "daemon/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/json_out.h"
#include "base/mem.h"

static const char *const verdict_names[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_MENDED] = "mended",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_FAILED] = "failed",
};

void doctor_report_deinit(struct doctor_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		mem_free(report->items[i].text);
	mem_free(report->items);
	*report = (struct doctor_report){ 0 };
}

void doctor_add(struct doctor_report *report, const char *check,
		enum doctor_verdict verdict, const char *format, ...)
{
	char text[2 * ERROR_TEXT_MAX];
	va_list arguments;

	if (verdict > report->worst)
		report->worst = verdict;
	if (report->count == DOCTOR_ITEMS_MAX) {
		report->left_out++;
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments); /* cut is fine */
	va_end(arguments);
	mem_grow(&report->items, &report->capacity, report->count,
		 sizeof(*report->items));
	report->items[report->count++] = (struct doctor_item){
		.check = check, .verdict = verdict, .text = mem_strdup(text)
	};
}

void doctor_write_text(const struct doctor_report *report, struct buf *out)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct doctor_item *item = &report->items[i];

		buf_printf(out, "%-8s %-14s %s\n", verdict_names[item->verdict],
			   item->check, item->text);
	}
	if (report->left_out > 0)
		buf_printf(out, "and %zu more\n", report->left_out);
}

void doctor_write_json(const struct doctor_report *report, struct buf *out)
{
	struct json_out json = json_out_init(out);

	json_object_begin(&json);
	json_key_string(&json, "verdict", slice_str(verdict_names[report->worst]));
	json_key_uint(&json, "left_out", report->left_out);
	json_key(&json, "items");
	json_array_begin(&json);
	for (size_t i = 0; i < report->count; i++) {
		const struct doctor_item *item = &report->items[i];

		json_object_begin(&json);
		json_key_string(&json, "check", slice_str(item->check));
		json_key_string(&json, "verdict",
				slice_str(verdict_names[item->verdict]));
		json_key_string(&json, "text", slice_str(item->text));
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	buf_append_char(out, '\n');
}
