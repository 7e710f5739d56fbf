# Every method on every task: mean, 95 % interval, every seed (like Table 2).
# size: 17.5 x (cell_blocks + 3) / 4 * (1.85 + 0.36 * |cell_x|) + 0.35
# make: lowrank sweep methods
# shows: model task method
# runs: fig_runs(study=methods)
# data: cell fig_methods(study=methods) by task, metric: x, lo, hi, n, mean
# data: seed fig_methods_seeds(study=methods) by task: x, seed, value

# Positions are in cm. One panel for each task, four side by side, with the names of the methods at the first of a row.
left = 2.7; right = 0.3; gap = 0.4; bottom = 1.15; top = 0.55; foot = 0.35
cols = cell_blocks < 4 ? cell_blocks : 4
rows = (cell_blocks + cols - 1) / cols
pane = (width - left - right - (cols - 1) * gap) / cols
pitch = (height - foot) / rows
place(s) = sum [k = 1:|cell_x|] (cell_x[k] eq s ? k : 0)
block(s) = sum [k = 1:seed_blocks] (seed_task[k] eq s ? k : 0)
unset key
set grid xtics ytics linetype 1 linecolor '#e6e6e6' linewidth 0.5
set title offset 0, -0.7
set label 1 'mean, 95 % interval (arrow: it continues), every seed; '.counted(cell_n_min, cell_n_max) at screen 0.5, screen 0.25 / height center
set multiplot
do for [b = 1:cell_blocks] {
    col = (b - 1) % cols
    under = foot + (rows - 1 - (b - 1) / cols) * pitch
    set lmargin at screen (left + col * (pane + gap)) / width
    set rmargin at screen (left + col * (pane + gap) + pane) / width
    set bmargin at screen (under + bottom) / height
    set tmargin at screen (under + pitch - top) / height
    # The range is that of the seeds, so that the wide interval of a method that failed with one of them does not
    # compress all others.
    s = block(cell_task[b])
    set xrange [*:*] # stats would leave out what is outside the range
    set yrange [*:*]
    stats data index seed_first + s - 1 using 3 name 'S' nooutput
    low = S_min - 0.06 * (S_max - S_min)
    high = S_max + 0.06 * (S_max - S_min)
    if (low == high) {
        low = low - 1
        high = high + 1
    }
    tip = 0.04 * (high - low)
    set xrange [low : high]
    set yrange [|cell_x| + 0.6 : 0.4]
    set xtics step(1.6 * (high - low))
    set ytics ()
    do for [k = 1:|cell_x|] { set ytics add ((col == 0 ? cell_x[k] : '') k) }
    set xlabel cell_metric[b]
    set title cell_task[b]
    plot data index seed_first + s - 1 using 3:(place(seed_x[int($1)]) + 0.25) with points \
            pointtype 7 pointsize 0.3 linecolor rgb dot[1] notitle, \
        data index cell_first + b - 1 using (most($2, low)):1:(least($3, high) - most($2, low)):(0) \
            with vectors nohead linecolor rgb ink[1] linewidth 0.9 notitle, \
        data index cell_first + b - 1 using ($2 < low ? low + tip : NaN):1:(-tip):(0) \
            with vectors head filled size graph 0.03, 25 linecolor rgb ink[1] linewidth 0.9 notitle, \
        data index cell_first + b - 1 using ($3 > high ? high - tip : NaN):1:(tip):(0) \
            with vectors head filled size graph 0.03, 25 linecolor rgb ink[1] linewidth 0.9 notitle, \
        data index cell_first + b - 1 using 5:1 with points linestyle 1 notitle
    unset label 1
}
unset multiplot
