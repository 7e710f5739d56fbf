# Quality against the number of training examples for each method: mean, 95 % interval, every seed (Table 16).
# size: 8.4 x 5.2 + 0.36 * cell_blocks
# like: rank
# make: lowrank sweep lowdata
# runs: fig_runs(study=lowdata)
# text: study fig_study(study=lowdata)
# data: cell fig_lowdata(study=lowdata) by series: x, lo, hi, n, mean
# data: seed fig_lowdata_seeds(study=lowdata) by series: x, seed, value

x_title = 'training examples'
x_base = 10
spread = 1.06
aside = 1.03
