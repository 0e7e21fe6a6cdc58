#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "table.h"

/* The picture, in its own units: names at the left, figures at the right, time between them on a
 * logarithmic scale. */
#define WIDTH	     1060
#define PLOT_LEFT    300
#define PLOT_RIGHT   860
#define ROW_HEIGHT   62
#define CURVE_HEIGHT 42
#define TOP	     34
/* Neighbouring buckets are averaged so far to either side. */
#define SMOOTH 2

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>teesim: measurements</title>\n<style>\n"
	":root{color-scheme:light dark;--back:#fff;--text:#1c2430;--dim:#667085;--line:#e3e7ed;"
	"--thing:#2563eb;--yard:#c2740a;--floor:#8a94a6;--ok:#15803d;--bad:#c81e1e;--soft:#f6f8fa}"
	"\n"
	"@media(prefers-color-scheme:dark){:root{--back:#11161d;--text:#e3e8ef;--dim:#93a0b3;"
	"--line:#2a333f;--thing:#6ea0ff;--yard:#eda544;--floor:#76839a;--ok:#54c77f;--bad:#ff7b72;"
	"--soft:#19202a}}\n"
	"body{background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif;"
	"max-width:1100px;margin:2rem auto;padding:0 1.2rem}\n"
	"h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .4rem}\n"
	"p{color:var(--dim);margin:.3rem 0 1rem}\n"
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;"
	"font-variant-numeric:tabular-nums}\n"
	"th{text-align:left;color:var(--dim);font-weight:600;font-size:.85em}\n"
	"th,td{padding:.34rem .7rem .34rem 0;border-bottom:1px solid var(--line);"
	"vertical-align:top}\n"
	"td.n,th.n{text-align:right;white-space:nowrap}small{color:var(--dim)}\n"
	".ok{color:var(--ok);font-weight:600}.bad{color:var(--bad);font-weight:600}\n"
	"svg{width:100%;height:auto;min-width:760px;display:block}\n"
	"svg text{font:12px system-ui,sans-serif;fill:var(--text)}svg .dim{fill:var(--dim)}\n"
	"svg .end{text-anchor:end}svg .mid{text-anchor:middle}\n"
	".thing{fill:var(--thing);stroke:var(--thing)}.yard{fill:var(--yard);stroke:var(--yard)}\n"
	".area{fill-opacity:.22;stroke-width:1.3;stroke-linejoin:round}\n"
	".dot{stroke:none;fill-opacity:.55}\n"
	".grid{stroke:var(--line);stroke-width:1}.base{stroke:var(--dim);stroke-width:1;"
	"stroke-opacity:.45}\n"
	".floor{stroke:var(--floor);stroke-width:1.4;stroke-dasharray:5 4}\n"
	".key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .35em 0 "
	".9em}\n"
	"</style></head><body>\n";

static void text_print(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

/* One cell. Markup comes in by its class alone. */
static void cell_print(FILE *out, const char *classes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void cell_print(FILE *out, const char *classes, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(out, "<td class=\"%s\">", classes);
	text_print(out, text);
	fputs("</td>", out);
}

static void title_cell_print(FILE *out, const struct result *result)
{
	fputs("<tr><td>", out);
	text_print(out, result->title);
	if (result->note[0]) {
		fputs("<br><small>", out);
		text_print(out, result->note);
		fputs("</small>", out);
	}
	fputs("</td>", out);
}

static void row_print(FILE *out, const struct result *result)
{
	char value[32], target[48];

	title_cell_print(out, result);
	if (result->failure[0]) {
		fputs("<td colspan=\"6\" class=\"bad\">not measured: ", out);
		text_print(out, result->failure);
		fputs("</td></tr>\n", out);
		return;
	}
	cell_print(out, "n", "%s",
		   table_value(result->unit, series_value(result, &result->thing), value,
			       sizeof(value)));
	cell_print(out, "n", "%s",
		   result->unit == UNIT_NS ? table_value(result->unit, series_p99(&result->thing),
							 value, sizeof(value))
					   : "");
	if (result->has_yardstick) {
		cell_print(out, "", "%s: %s", result->yardstick.what,
			   table_value(result->unit, series_value(result, &result->yardstick),
				       value, sizeof(value)));
		cell_print(out, "n", "%.2f× (%.2f–%.2f)", result->ratio, result->ratio_interval.low,
			   result->ratio_interval.high);
	} else {
		fputs("<td></td><td></td>", out);
	}
	cell_print(out, "n", "%s", table_target(result, target, sizeof(target)));
	if (result->goal == GOAL_NONE)
		fputs("<td></td>", out);
	else
		cell_print(out, result_met(result) ? "ok" : "bad", "%s",
			   result_met(result) ? "ok" : "missed");
	fputs("</tr>\n", out);
}

static void table_print(FILE *out, const struct bench *bench)
{
	fputs("<div class=\"scroll\"><table><tr><th>figure</th><th class=\"n\">p50</th>"
	      "<th class=\"n\">p99</th><th>against</th><th class=\"n\">ratio (95 %)</th>"
	      "<th class=\"n\">target</th><th></th></tr>\n",
	      out);
	for (unsigned int i = 0; i < bench->count; i++)
		row_print(out, &bench->results[i]);
	fputs("</table></div>\n", out);
}

static bool is_plotted(const struct result *result)
{
	return result->unit == UNIT_NS && !result->failure[0] && result->thing.rounds;
}

/* The durations that the picture has room for: all but the rarest, in whole decades. */
struct axis {
	double low;
	double high;
};

static void axis_widen(struct axis *axis, const struct series *series)
{
	for (unsigned int i = 0; i < series->rounds; i++) {
		double p50 = series->p50[i];

		if (p50 <= 0)
			continue;
		axis->low = fmin(axis->low, log10(p50));
		axis->high = fmax(axis->high, log10(series->p99[i]));
	}
}

static struct axis axis_of(const struct bench *bench)
{
	struct axis axis = { .low = 9, .high = 0 };

	for (unsigned int i = 0; i < bench->count; i++) {
		if (!is_plotted(&bench->results[i]))
			continue;
		axis_widen(&axis, &bench->results[i].thing);
		axis_widen(&axis, &bench->results[i].yardstick);
	}
	axis.low = floor(axis.low);
	axis.high = ceil(axis.high);
	if (axis.high <= axis.low)
		axis.high = axis.low + 1;
	return axis;
}

static double axis_x(const struct axis *axis, double ns)
{
	double part = (log10(fmax(ns, 1)) - axis->low) / (axis->high - axis->low);

	return PLOT_LEFT + fmin(fmax(part, 0), 1) * (PLOT_RIGHT - PLOT_LEFT);
}

static double smoothed(const struct series *series, unsigned int bucket)
{
	double sum = 0;
	unsigned int count = 0;

	for (unsigned int i = bucket < SMOOTH ? 0 : bucket - SMOOTH;
	     i <= bucket + SMOOTH && i < BUCKETS; i++, count++)
		sum += (double)series->bucket[i];
	return sum / count;
}

/* How often each duration was seen, as an area above `base`; each series fills the same height. */
static void area_print(FILE *out, const struct axis *axis, const struct series *series,
		       const char *classes, int base)
{
	unsigned int first = BUCKETS, last = 0;
	double highest = 0;

	for (unsigned int i = 0; i < BUCKETS; i++) {
		double value = smoothed(series, i);

		if (value <= 0)
			continue;
		first = first < i ? first : i;
		last = i;
		highest = fmax(highest, value);
	}
	if (highest <= 0)
		return;
	fprintf(out, "<path class=\"area %s\" d=\"M%.1f %d", classes,
		axis_x(axis, series_bucket_start(first)), base);
	for (unsigned int i = first; i <= last; i++)
		fprintf(out, "L%.1f %.1f", axis_x(axis, series_bucket_start(i) * 1.0219),
			base - smoothed(series, i) / highest * CURVE_HEIGHT);
	fprintf(out, "L%.1f %dZ\"/>\n", axis_x(axis, series_bucket_start(last + 1)), base);
}

/* The medians of the rounds, as dots below the base: how far apart they are is the noise. */
static void dots_print(FILE *out, const struct axis *axis, const struct series *series,
		       const char *classes, int y)
{
	for (unsigned int i = 0; i < series->rounds; i++)
		fprintf(out, "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%d\" r=\"2\"/>", classes,
			axis_x(axis, series->p50[i]), y);
	fputc('\n', out);
}

static void plot_print(FILE *out, const struct axis *axis, const struct result *result, int base)
{
	char p50[32], p99[32];

	fprintf(out, "<line class=\"base\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n", PLOT_LEFT,
		PLOT_RIGHT, base, base);
	fprintf(out, "<text class=\"end\" x=\"%d\" y=\"%d\">", PLOT_LEFT - 14, base - 16);
	text_print(out, result->title);
	fputs("</text>\n", out);
	if (result->has_yardstick) {
		fprintf(out, "<text class=\"end dim\" x=\"%d\" y=\"%d\">against ", PLOT_LEFT - 14,
			base - 1);
		text_print(out, result->yardstick.what);
		fputs("</text>\n", out);
		area_print(out, axis, &result->yardstick, "yard", base);
		dots_print(out, axis, &result->yardstick, "yard", base + 9);
	}
	area_print(out, axis, &result->thing, "thing", base);
	dots_print(out, axis, &result->thing, "thing", base + 4);
	fprintf(out, "<text x=\"%d\" y=\"%d\">%s", PLOT_RIGHT + 14, base - 16,
		table_value(result->unit, series_value(result, &result->thing), p50, sizeof(p50)));
	if (result->has_yardstick)
		fprintf(out, " · %.2f×", result->ratio);
	fprintf(out, "</text>\n<text class=\"dim\" x=\"%d\" y=\"%d\">p99 %s</text>\n",
		PLOT_RIGHT + 14, base - 1,
		table_value(result->unit, series_p99(&result->thing), p99, sizeof(p99)));
}

static const struct result *floor_of(const struct bench *bench)
{
	for (unsigned int i = 0; i < bench->count; i++)
		if (!strcmp(bench->results[i].name, "floor_pingpong") &&
		    is_plotted(&bench->results[i]))
			return &bench->results[i];
	return NULL;
}

static void scale_print(FILE *out, const struct axis *axis, int bottom)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };

	for (int decade = (int)axis->low; decade <= (int)axis->high && decade < 12; decade++) {
		double x = axis_x(axis, pow(10, decade));
		char text[32];

		(void)snprintf(text, sizeof(text), "%.0f %s", pow(10, decade % 3),
			       units[decade / 3]);
		fprintf(out,
			"<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
			"<text class=\"mid dim\" x=\"%.1f\" y=\"%d\">%s</text>\n",
			x, x, TOP - 8, bottom, x, TOP - 14, text);
	}
}

static void picture_print(FILE *out, const struct bench *bench)
{
	const struct result *floor_result = floor_of(bench);
	struct axis axis = axis_of(bench);
	int rows = 0, bottom, row = 0;

	for (unsigned int i = 0; i < bench->count; i++)
		rows += is_plotted(&bench->results[i]);
	if (!rows)
		return;
	bottom = TOP + rows * ROW_HEIGHT;
	fputs("<h2>How long a call takes</h2>\n"
	      "<p>Areas: how often each duration was seen. Dots: the median of each round; the "
	      "wider "
	      "they scatter, the noisier the machine was."
	      "<span class=\"key\" style=\"background:var(--thing)\"></span>measured"
	      "<span class=\"key\" style=\"background:var(--yard)\"></span>its yardstick",
	      out);
	if (floor_result)
		fputs("<span class=\"key\" style=\"background:var(--floor)\"></span>dashed: the "
		      "floor, a bare ping-pong over shared memory",
		      out);
	fprintf(out, "</p>\n<div class=\"scroll\"><svg viewBox=\"0 0 %d %d\" role=\"img\">\n",
		WIDTH, bottom + 16);
	scale_print(out, &axis, bottom);
	if (floor_result) {
		double x = axis_x(&axis, series_p50(&floor_result->thing));

		fprintf(out,
			"<line class=\"floor\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", x,
			x, TOP - 8, bottom);
	}
	for (unsigned int i = 0; i < bench->count; i++)
		if (is_plotted(&bench->results[i]))
			plot_print(out, &axis, &bench->results[i], TOP + ++row * ROW_HEIGHT - 14);
	fputs("</svg></div>\n", out);
}

int report_write(const char *path, const struct bench *bench, const struct machine *machine,
		 char *why, size_t size)
{
	FILE *out = fopen(path, "we");
	char date[64] = "";
	time_t now = time(NULL);
	struct tm local;
	int err = 0;

	if (!out) {
		err = -errno;
		snprintf(why, size, "%s: %s", path, strerror(-err));
		return err;
	}
	if (localtime_r(&now, &local))
		(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &local);
	fputs(head, out);
	fprintf(out, "<h1>teesim: measurements</h1>\n<p>%s · ", date);
	text_print(out, machine->processor);
	fprintf(out, ", %u CPUs · ", machine->cpus);
	text_print(out, machine->kernel);
	fprintf(out,
		" · load %.1f before, %.1f after · %u rounds, each thing in turns with its "
		"yardstick</p>\n",
		machine->load_before, machine->load_after, bench->options.rounds);
	table_print(out, bench);
	picture_print(out, bench);
	fputs("</body></html>\n", out);
	if (ferror(out))
		err = -EIO;
	if (fclose(out) != 0 && !err)
		err = -errno;
	if (err < 0)
		snprintf(why, size, "%s: %s", path, strerror(-err));
	return err;
}
