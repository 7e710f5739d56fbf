# Share of the machine's GEMM rate that training steps reach, in all measurements so far.
# size: 17.5 x 6.4 + 0.36 * p_blocks
# make: lowrank bench task mrpc --data DIR
# data: p fig_bench_history by series: place, tokens_per_s, percent

every = |p_place| > 24 ? ceil(|p_place| / 24.0) : 1
set xtics ()
do for [k = 1:|p_place|] {
    if ((k - 1) % every == 0) { set xtics add (p_place[k] k) }
}
set xtics rotate by -40 left offset -0.4, 0.2
set xrange [0.5 : |p_place| + 0.5]
set xlabel 'measurement and commit (+: uncommitted changes)'
set bmargin 6
set rmargin 6
set yrange [0 : most(100, p_percent_max)]
set ylabel 'share of the GEMM rate (%)'
plot for [k = 1:p_blocks] data index p_first + k - 1 using 1:3 with linespoints linestyle style(k) title p_series[k]
