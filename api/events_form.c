/* events_form.c - from the form to what writes it */
#include "api/events_form.h"

void events_render_form(const struct events_rendering *rendering, enum event_form form,
			struct buf *out)
{
	switch (form) {
	case EVENT_FORM_PAGE:
		events_render_page(rendering, out);
		break;
	case EVENT_FORM_LINES:
		events_render_lines(rendering, out);
		break;
	case EVENT_FORM_CSV:
		events_render_csv(rendering, out);
		break;
	case EVENT_FORM_STREAM:
		events_render_stream(rendering, out);
		break;
	}
}
