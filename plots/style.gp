# The style of all figures: printed size in cm, text of 7 pt, the colors of Okabe and Ito, viridis, thin axes.
reset
cm = 1 / 2.54
if (format eq 'pdf') {
    set terminal pdfcairo enhanced color size width * cm, height * cm font 'DejaVu Sans,7' fontscale 1 \
        linewidth 1 dashlength 0.6 rounded
}
if (format eq 'svg') {
    set terminal svg enhanced size width * cm * 96, height * cm * 96 font 'DejaVu Sans,9.33' \
        linewidth 0.75 dashlength 0.6 rounded background '#ffffff'
}
if (format eq 'png') {
    set terminal pngcairo enhanced color size width * cm * 300, height * cm * 300 \
        font 'DejaVu Sans,7' fontscale 4.1667 linewidth 2.2 pointscale 4.1667 dashlength 1 rounded
}
set output stem.'.'.format
set encoding utf8
set decimalsign '.'
set minussign
set datafile missing 'NaN'
set border 3 linewidth 0.6
set tics nomirror out scale 0.5
set grid ytics linetype 1 linecolor '#e6e6e6' linewidth 0.5
set key outside top center vertical Left reverse samplen 1.6 width -1
set xlabel offset 0, 0.4
set ylabel offset 0.8, 0

set style line 1 linecolor '#0072b2' pointtype 7 pointsize 0.45 linewidth 1.2 dashtype 1
set style line 2 linecolor '#d55e00' pointtype 5 pointsize 0.40 linewidth 1.2 dashtype 2
set style line 3 linecolor '#009e73' pointtype 9 pointsize 0.50 linewidth 1.2 dashtype 4
set style line 4 linecolor '#cc79a7' pointtype 11 pointsize 0.50 linewidth 1.2 dashtype 5
set style line 5 linecolor '#e69f00' pointtype 13 pointsize 0.50 linewidth 1.2 dashtype 3
set style line 6 linecolor '#56b4e9' pointtype 6 pointsize 0.45 linewidth 1.2 dashtype 1
set style line 7 linecolor '#000000' pointtype 4 pointsize 0.40 linewidth 1.2 dashtype 2
set style line 8 linecolor '#f0e442' pointtype 8 pointsize 0.50 linewidth 1.2 dashtype 4
# Intervals are arrows, because yerrorbars leave a gap around each point. Their line widths alternate, because the svg
# terminal loses the width of a plot if it equals that of the plot before.
array ink[24] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#f0e442']
array dot[24]
# Styles 9 to 24 repeat the colors with other points and dashes.
array other[16] = [12, 8, 6, 4, 10, 13, 5, 7, 1, 2, 3, 15, 14, 2, 1, 3]
do for [k = 1:24] {
    ink[k] = ink[(k - 1) % 8 + 1]
    dot[k] = '#90'.substr(ink[k], 2, 7)
    if (k > 8) {
        set style line k linecolor rgb ink[k] pointtype other[k - 8] pointsize 0.45 linewidth 1.2 \
            dashtype 1 + (k + k / 8) % 5
    }
    set style arrow k heads fixed size screen 0.008, 90 linecolor rgb ink[k] linewidth 0.9 + 0.02 * (k % 2)
}
style(k) = (k - 1) % 24 + 1

set palette defined (0 '#440154', 1 '#482878', 2 '#3e4989', 3 '#31688e', 4 '#26828e', 5 '#1f9e89', \
    6 '#35b779', 7 '#6ece58', 8 '#fde725')

# The distance between tics that gives about five of them over a range.
round_step(x) = x < 1.41 ? 1 : x < 3.16 ? 2 : x < 7.07 ? 5 : 10
power(x) = 10.0 ** floor(log10(x))
step(range) = range > 0 ? power(range / 5.0) * round_step(range / 5.0 / power(range / 5.0)) : 1

# The smaller and the larger of two numbers; NaN counts as absent.
least(a, b) = a == a ? (b == b ? (a < b ? a : b) : a) : b
most(a, b) = a == a ? (b == b ? (a > b ? a : b) : a) : b
# How many seeds (or pairs of seeds) there are for each point: "n = 3" or "n = 2–3".
counted(least_n, most_n) = least_n == most_n ? sprintf('n = %d', least_n) : sprintf('n = %d–%d', least_n, most_n)
