# How far do updates amplify directions of W, by layer, and how much of W lies in them (Table 7)?
# size: 17.5 x 6.4
# make: lowrank ablate amplify
# runs: fig_analysis_runs(study=rank, kind=amplify)
# data: factor fig_amplify(study=rank, what=factor) by series: x, lo, hi, n, mean
# data: seed fig_amplify_seeds(study=rank) by series: x, seed, value
# data: norm fig_amplify(study=rank, what=projection) by panel, line: x, lo, hi, n, mean

panels = 1 + norm_panel_n
left = 1.2; right = 0.2; top = 1.9; bottom = 1.1; gap = 1.15
each = (width - left - right - (panels - 1) * gap) / panels
block(s) = sum [k = 1:factor_blocks] (factor_series[k] eq s ? k : 0)
beside(k, n) = 0.5 * (k - (n + 1) / 2.0) / n
lines = norm_blocks / norm_panel_n

set logscale y 10
set format y '%g'
set xrange [factor_x_min - 0.5 : factor_x_max + 0.5]
set xtics factor_x_max > 12 ? 4 : 1
set xlabel 'layer'
set key at graph 0.5, 1.03 center bottom vertical maxrows 4 samplen 1.4 width -1
set bmargin at screen bottom / height
set tmargin at screen (height - top) / height
set multiplot
do for [p = 0:panels - 1] {
    set lmargin at screen (left + p * (each + gap)) / width
    set rmargin at screen (left + p * (each + gap) + each) / width
    if (p == 0) {
        set ylabel '‖Δ{/:Italic W}‖ / ‖{/:Italic U}ᵀ{/:Italic WV}‖'
        plot for [k = 1:seed_blocks] data index seed_first + k - 1 \
                using ($1 + beside(block(seed_series[k]), factor_blocks) + 0.06):3 with points \
                pointtype 7 pointsize 0.3 linecolor rgb dot[style(block(seed_series[k]))] notitle, \
            for [k = 1:factor_blocks] data index factor_first + k - 1 \
                using ($1 + beside(k, factor_blocks)):2:(0):($3 - $2) with vectors arrowstyle style(k) notitle, \
            for [k = 1:factor_blocks] data index factor_first + k - 1 \
                using ($1 + beside(k, factor_blocks)):5 with linespoints linestyle style(k) title factor_series[k]
    } else {
        set ylabel '‖{/:Italic U}ᵀ{/:Italic WV}‖, '.norm_panel[(p - 1) * lines + 1]
        plot for [k = 1:lines] data index norm_first + (p - 1) * lines + k - 1 \
                using ($1 + beside(k, lines)):2:(0):($3 - $2) with vectors arrowstyle style(k) notitle, \
            for [k = 1:lines] data index norm_first + (p - 1) * lines + k - 1 \
                using ($1 + beside(k, lines)):5 with linespoints linestyle style(k) title norm_line[k]
    }
}
unset multiplot
