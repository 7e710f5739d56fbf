# Quality with the matrices of the frozen encoder truncated to rank R: mean, 95 % interval, every seed.
# size: 8.4 x 5.2 + 0.36 * cell_blocks
# like: targets
# make: lowrank sweep truncate
# runs: fig_runs(study=truncate)
# text: study fig_study(study=truncate)
# data: cell fig_truncate(study=truncate) by series: x, lo, hi, n, mean
# data: seed fig_truncate_seeds(study=truncate) by series: x, seed, value

x_title = 'rank {/:Italic R} of the frozen {/:Italic W}'
x_margin = 2
