kubectl apply -f app.yaml
kubectl set image pod/web web=nginxinc/nginx-unprivileged
